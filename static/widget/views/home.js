import { avatar, byId, make, say } from "../lib/dom.js"
import { isOpen } from "../models/chat.js"
import { noteOf, spokenOf } from "../models/rows.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Times } from "../../shared/lib/time.js" */
/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { Chat } from "../models/chat.js" */

const FEW = 3

/** The first screen: a greeting, who is here, what was said before, what is often asked. */
export class Home {
  #all = false
  #print = ""

  /**
   * @param {{ strings: Strings, times: Times, siteName: string }} voice
   * @param {{ open: (conversation: string) => void, ask: (question: string) => void }} events
   */
  constructor(voice, events) {
    this.voice = voice
    this.events = events
    const list = byId("earlier")
    list.addEventListener("click", ({ target }) => {
      const row = /** @type {Element} */ (target).closest("[data-conversation]")
      if (row instanceof HTMLElement) events.open(row.dataset.conversation ?? "")
    })
    document.getElementById("quick")?.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLButtonElement) events.ask(target.textContent ?? "")
    })
  }

  /**
   * @param {Chat} chat
   * @param {number} now
   */
  show(chat, now) {
    this.#greet(now)
    const print = JSON.stringify([chat.desk, chat.conversations, this.#all, this.voice.times.dayKey(now)])
    if (print === this.#print) return
    this.#print = print
    this.#team(chat)
    this.#earlier(chat, now)
  }

  /** @param {number} now */
  #greet(now) {
    const hour = this.voice.times.hour(now)
    const key = hour >= 5 && hour < 12 ? "home-morning" : hour >= 12 && hour < 18 ? "home-afternoon" : "home-evening"
    say(byId("greeting"), this.voice.strings.get(key))
  }

  /** @param {Chat} chat */
  #team({ desk }) {
    const { strings, siteName } = this.voice
    const names = desk.agents.map(({ name }) => name)
    const who = desk.online
      ? strings.get("home-team", { names: strings.list(names), n: names.length })
      : strings.get("home-away")
    const faces = make(
      "div",
      { class: "faces", "aria-hidden": "true" },
      ...desk.agents.map((agent) => avatar(agent, siteName)),
    )
    const dot = make("span", { class: "dot", "data-dot": desk.online ? "good" : "warn" })
    const how = strings.get(desk.online ? "status-online" : "home-away-text")
    const words = make(
      "div",
      {},
      make("p", { class: "team-who", textContent: who }),
      make("p", { class: "status" }, dot, make("span", { textContent: how })),
    )
    byId("team").replaceChildren(...(names.length > 0 ? [faces, words] : [words]))
  }

  /**
   * @param {Chat} chat
   * @param {number} now
   */
  #earlier(chat, now) {
    const all = chat.conversations
    const section = byId("earlier")
    section.hidden = all.length === 0
    const rows = (this.#all ? all : all.slice(0, FEW)).map((conversation) =>
      make("li", {}, this.#row(chat, conversation, now)),
    )
    section.querySelector("ul")?.replaceChildren(...rows)
    section.querySelector(".text-button")?.remove()
    if (rows.length < all.length) {
      const more = make("button", {
        class: "text-button",
        type: "button",
        textContent: this.voice.strings.get("home-all"),
      })
      more.addEventListener("click", () => {
        this.#all = true
        this.show(chat, now)
        section.querySelectorAll("button")[FEW]?.focus()
      })
      section.append(more)
    }
  }

  /**
   * @param {Chat} chat
   * @param {Conversation} conversation
   * @param {number} now
   */
  #row(chat, conversation, now) {
    const { strings, times, siteName } = this.voice
    const agent = chat.agent(conversation)
    const unread = chat.mine(conversation)?.unread ?? 0
    const title = agent?.name ?? siteName
    const preview = this.#preview(chat, conversation)
    const time = times.brief(conversation.last?.at ?? conversation.changed_at, now)
    const comma = () => make("span", { class: "hidden", textContent: ", " })
    const row = make(
      "button",
      { class: "row", type: "button", "data-conversation": conversation.id },
      avatar(agent, siteName),
      make("span", { class: "row-title", textContent: title }),
      comma(),
      make("span", { class: "row-preview", textContent: preview }),
      comma(),
      make("time", { class: "row-time", textContent: time }),
    )
    row.toggleAttribute("data-unread", unread > 0)
    if (unread > 0) {
      const count = make("span", {
        class: "badge",
        ariaHidden: "true",
        textContent: unread > 99 ? "99+" : String(unread),
      })
      row.append(
        comma(),
        make("span", { class: "hidden", textContent: strings.get("a11y-unread", { n: unread }) }),
        count,
      )
    }
    return row
  }

  /**
   * @param {Chat} chat
   * @param {Conversation} conversation
   */
  #preview(chat, conversation) {
    const { strings } = this.voice
    const stars = conversation.service?.rating?.stars
    if (!isOpen(conversation) && stars) return strings.get("home-ended-rated", { n: stars })
    const { last } = conversation
    const text = last && last.from.role !== "system" ? spokenOf(last, strings) : null
    if (!isOpen(conversation) && text === null) return strings.get("home-ended")
    if (!last) return strings.get("status-waiting")
    if (text === null) return noteOf(last, { ...this.voice, me: chat.me })
    return last.from.id === chat.me?.id ? strings.get("preview-you", { text }) : text
  }
}
