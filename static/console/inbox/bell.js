import { now } from "../lib/clock.js"
import { isWriting } from "../lib/dom.js"
import { tab } from "../lib/keep.js"
import { agentOf, nameOf, visitorName } from "../lib/words.js"
import { Rings } from "../models/rings.js"
import { page, t } from "../page.js"

/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { RingCards } from "../panes/rings.js" */
/** @import { StatusBlock } from "../panes/status.js" */

/**
 * @typedef {object} BellParts
 * @property {RingCards} cards
 * @property {StatusBlock} status
 * @property {() => void} sound
 * @property {() => void} changed how many ring is another number now
 */

/** Visitors who ring here: cards, sound, and what became of each. */
export class Bell {
  #rings = new Rings(tab)

  /** @param {BellParts} parts */
  constructor({ cards, status, sound, changed }) {
    this.cards = cards
    this.status = status
    this.sound = sound
    this.changed = changed
  }

  /** @returns {number} how many ring */
  get count() {
    return this.#rings.ringing.length
  }

  /** @returns {string | undefined} the conversation that rang last */
  get newest() {
    return this.#rings.ringing.at(-1)?.id
  }

  /**
   * A visitor waits.
   * @param {Conversation} conversation
   * @param {boolean} fresh they came just now
   */
  ring(conversation, fresh) {
    if (this.status.status !== "online" || !this.#rings.waits(conversation, now(), fresh)) return
    this.#show()
    this.cards.hint(isWriting(document.activeElement))
    this.cards.announce(visitorName(conversation))
    this.sound()
    this.changed()
  }

  /** @param {Conversation} conversation somebody took it, or it is over */
  ended(conversation) {
    const agent = agentOf(conversation)
    const taken = conversation.service?.stage.name === "human"
    const words = taken ? t("ring-taken", { name: nameOf(agent) }) : t("ring-gone", { name: visitorName(conversation) })
    this.#rings.end(conversation.id, now(), agent?.id === page.data.me.id ? undefined : words)
    this.#show()
    this.changed()
  }

  /** @param {string} id answered or declined here */
  stop(id) {
    this.#rings.end(id, now())
    this.#show()
    this.changed()
  }

  /** Nobody rings here any more. */
  silence() {
    this.#rings.clear()
    this.#show()
  }

  tick() {
    if (this.#rings.expire(now()).length > 0) this.status.missed(Date.now())
    this.#show()
  }

  #show() {
    this.cards.show(this.#rings.all)
  }
}
