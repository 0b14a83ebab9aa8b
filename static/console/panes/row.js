import { colourOf } from "../../shared/lib/people.js"
import { now } from "../lib/clock.js"
import { clone, find, mark, slot, write } from "../lib/dom.js"
import { waitLevel, waitText } from "../lib/wait.js"
import { agentOf, factOf, initialsOf, lastWords, nameOf, visitorOf } from "../lib/words.js"
import { t, times } from "../page.js"

/** @import { Conversation, Person } from "../../shared/net/protocol.js" */

/**
 * What a row shows beside the conversation itself.
 * @typedef {object} RowState
 * @property {string} href
 * @property {boolean} open
 * @property {number} unread
 * @property {boolean} everybody the view shows what others have
 * @property {string} typing who types; empty when nobody does
 * @property {boolean} failed something of mine was not sent
 * @property {string} gone why it left the view; empty while it belongs there
 */

/** One conversation in the list. */
export class Row {
  /** @param {HTMLElement} [item] printed by the server */
  constructor(item) {
    this.item = item ?? clone("row")
    this.link = find(this.item, ".row-link")
    /** @type {Conversation | null} */
    this.conversation = null
  }

  /**
   * @param {Conversation} conversation
   * @param {RowState} state
   */
  show(conversation, state) {
    this.conversation = conversation
    const { item, link } = this
    const visitor = visitorOf(conversation)
    item.dataset.id = conversation.id
    item.toggleAttribute("data-open", state.open)
    item.toggleAttribute("data-unread", state.unread > 0)
    item.toggleAttribute("data-gone", state.gone !== "")
    mark(link, "href", state.href)
    mark(link, "aria-current", state.open ? "true" : null)
    write(slot(item, "name"), nameOf(visitor))
    if (visitor) paint(slot(item, "avatar"), visitor, visitor.online ? "online" : "")
    this.#assignee(conversation, state)
    const said = this.#words(conversation, state)
    this.#unread(state.unread)
    write(slot(item, "fact"), factOf(conversation, state.everybody))
    const time = slot(item, "time")
    mark(time, "datetime", new Date(conversation.changed_at).toISOString())
    write(time, times.brief(conversation.changed_at, now()))
    this.tick()
    this.#describe(state, said)
  }

  /** @returns {boolean} whether a clock runs here */
  tick() {
    const since = this.conversation?.service?.waiting_since
    const wait = slot(this.item, "wait")
    wait.hidden = !since
    slot(this.item, "time").hidden = Boolean(since)
    if (!since) return false
    const ms = now() - since
    mark(wait, "data-level", waitLevel(ms))
    write(slot(wait, "wait-text"), waitText(ms))
    return true
  }

  /**
   * @param {Conversation} conversation
   * @param {RowState} state
   */
  #assignee(conversation, { everybody }) {
    const badge = slot(this.item, "assignee")
    const agent = everybody ? agentOf(conversation) : undefined
    badge.hidden = !agent
    if (!agent) return
    paint(badge, agent)
    mark(badge, "title", nameOf(agent))
  }

  /**
   * @param {Conversation} conversation
   * @param {RowState} state
   * @returns {string} the second line as text
   */
  #words(conversation, { typing, failed, gone }) {
    const last = lastWords(conversation)
    let { prefix, words } = last
    if (gone) [prefix, words] = ["", gone]
    else if (failed) [prefix, words] = ["", t("row-not-sent")]
    else if (typing) [prefix, words] = ["", t("typing-row", { name: typing })]
    write(slot(this.item, "prefix"), prefix)
    write(slot(this.item, "words"), words)
    mark(find(this.item, ".row-words"), "data-state", failed && !gone ? "failed" : null)
    return `${prefix} ${words}`.trim()
  }

  /** @param {number} unread */
  #unread(unread) {
    const badge = slot(this.item, "unread")
    badge.hidden = unread === 0
    write(badge, unread > 99 ? "99+" : String(unread))
  }

  /**
   * @param {RowState} state
   * @param {string} said
   */
  #describe({ unread }, said) {
    const about = slot(this.item, "about")
    const id = `about-${this.conversation?.id}`
    about.id = id
    mark(this.link, "aria-describedby", id)
    const since = this.conversation?.service?.waiting_since
    const waits = since ? t("row-waiting", { t: waitText(now() - since) }) : ""
    const news = unread > 0 ? t("row-unread", { n: unread }) : ""
    write(about, [waits, news, said].filter(Boolean).join(", "))
  }
}

/**
 * @param {HTMLElement} avatar
 * @param {Person} person
 * @param {string} [presence] empty: not known, or gone
 */
export function paint(avatar, person, presence = "") {
  mark(avatar, "data-colour", String(colourOf(person.id)))
  mark(avatar, "data-kind", person.role === "robot" ? "robot" : null)
  write(find(avatar, ".avatar-letters"), initialsOf(person))
  const dot = avatar.querySelector(".presence")
  if (dot) mark(dot, "data-presence", presence)
}
