import { now } from "../lib/clock.js"
import { clone, find, slot, write } from "../lib/dom.js"
import { waitText } from "../lib/wait.js"
import { foreign, said, visitorOf, visitorName } from "../lib/words.js"
import { t } from "../page.js"

/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { Ring } from "../models/rings.js" */

/** Cards shown at once. */
const MOST = 2

/**
 * @typedef {object} RingEvents
 * @property {(id: string) => void} accept
 * @property {(id: string) => void} decline
 * @property {(id: string) => Conversation | undefined} conversation
 */

/** Visitors who ring, at the foot of the list. Focus never moves because of them. */
export class RingCards {
  /** @type {Map<string, HTMLElement>} */
  #cards = new Map()

  /**
   * @param {HTMLElement} region
   * @param {HTMLElement} announcer
   * @param {HTMLElement} list the list gets room at its end, so that its last row can be scrolled free
   * @param {RingEvents} events
   * @param {AbortSignal} signal
   */
  constructor(region, announcer, list, events, signal) {
    this.region = region
    this.announcer = announcer
    this.list = list
    this.events = events
    region.addEventListener("click", (event) => this.#pressed(event), { signal })
    const sized = new ResizeObserver(() => this.#makeRoom())
    sized.observe(region)
    signal.addEventListener("abort", () => sized.disconnect())
  }

  /** @param {Ring[]} rings oldest first */
  show(rings) {
    const shown = rings.slice(-MOST)
    for (const [id, card] of this.#cards) {
      if (shown.some((ring) => ring.id === id)) continue
      card.remove()
      this.#cards.delete(id)
    }
    for (const ring of shown) this.#card(ring)
    this.#more(rings.length - shown.length)
    this.region.hidden = rings.length === 0
    this.#makeRoom()
  }

  /**
   * Says it once.
   * @param {string} name
   */
  announce(name) {
    write(this.announcer, t("ring-alert", { name }))
  }

  /** @param {boolean} writing single keys do not work now */
  hint(writing) {
    const alt = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌥" : "Alt "
    for (const key of this.region.querySelectorAll("kbd")) write(key, `${writing ? alt : ""}${key.dataset.key}`)
  }

  /** @param {Ring} ring */
  #card(ring) {
    const conversation = this.events.conversation(ring.id)
    if (!conversation) return
    let card = this.#cards.get(ring.id)
    if (!card) {
      card = clone("ring")
      card.dataset.id = ring.id
      this.#cards.set(ring.id, card)
      this.region.append(card)
    }
    card.toggleAttribute("data-over", Boolean(ring.over))
    write(slot(card, "name"), ring.over ?? visitorName(conversation))
    if (!ring.over) this.#fill(card, ring, conversation)
  }

  /**
   * @param {HTMLElement} card
   * @param {Ring} ring
   * @param {Conversation} conversation
   */
  #fill(card, ring, conversation) {
    const { service, last } = conversation
    const left = Math.max(0, Math.ceil((ring.until - now()) / 1000))
    write(slot(card, "seconds"), String(left))
    find(card, ".ring-clock").style.setProperty("--left", String(left))
    const language = foreign(service?.context.language)
    const chip = slot(card, "language")
    chip.hidden = !language
    write(chip, language)
    const since = service?.waiting_since ?? conversation.created_at
    write(slot(card, "line"), t("ring-line", { t: waitText(now() - since) }))
    write(slot(card, "words"), last && last.from.id === service?.visitor ? `“${said(last, conversation)}”` : "")
    const name = visitorOf(conversation) ? visitorName(conversation) : ""
    for (const button of card.querySelectorAll("button")) button.setAttribute("aria-description", name)
  }

  /** @param {number} n */
  #more(n) {
    const link = slot(this.region, "rings-more")
    link.hidden = n <= 0
    if (n <= 0) return
    write(link, t("ring-more", { n }))
    this.region.append(link)
  }

  #makeRoom() {
    const room = this.region.hidden ? 0 : this.region.offsetHeight + 16
    this.list.style.setProperty("--ring-space", `${room}px`)
  }

  /** @param {MouseEvent} event */
  #pressed({ target }) {
    const button = target instanceof Element ? target.closest("button[data-action]") : null
    const id = button?.closest("article")?.dataset.id
    if (!button || !id) return
    if (button.getAttribute("data-action") === "accept") this.events.accept(id)
    else this.events.decline(id)
  }
}
