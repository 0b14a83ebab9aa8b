/** @import { Message, Page, Position } from "../net/protocol.js" */

/**
 * The messages of one conversation that this client holds: an unbroken run, oldest first.
 * Knows what is new, what is known, and where something is missing. No DOM, no network.
 */
export class MessageLog {
  /** @type {Message[]} */
  #messages = []
  /** Came too early: something before them is missing. @type {Map<number, Message>} */
  #early = new Map()
  #epoch = 0
  /** There are older ones on the server. */
  more = false

  /** @returns {readonly Message[]} oldest first, `seq` rising by one */
  get messages() {
    return this.#messages
  }

  /** @returns {number} identity of the order; 0 before anything is known */
  get epoch() {
    return this.#epoch
  }

  /** @returns {number} the oldest place held; 0 when empty */
  get first() {
    return this.#messages[0]?.seq ?? 0
  }

  /** @returns {number} the newest place held without a hole before it; 0 when empty */
  get last() {
    return this.#messages.at(-1)?.seq ?? 0
  }

  /** @returns {boolean} whether messages between those held are missing */
  get broken() {
    return this.#early.size > 0
  }

  /**
   * The newest page, or the whole after a reset: what was held before counts no more.
   * @param {number} epoch
   * @param {Message[]} messages oldest first
   * @param {boolean} more
   */
  reset(epoch, messages, more) {
    this.#epoch = epoch
    this.#messages = messages.filter(stored)
    this.#early.clear()
    this.more = more
  }

  /**
   * One message that was pushed or that an acknowledgement proved.
   * @param {Message} message with a `seq`
   * @returns {"added" | "known" | "hole"} on `hole`: ask for what comes after `last`, then call `fill`;
   *   when nothing is held yet, ask for the newest page, then call `reset`
   */
  receive(message) {
    const seq = message.seq ?? 0
    if (seq <= 0 || (this.first && seq < this.first) || this.#has(seq)) return "known"
    if (seq !== this.last + 1) {
      this.#early.set(seq, message)
      return "hole"
    }
    this.#messages.push(message)
    this.#drain()
    return "added"
  }

  /**
   * A message that stands in the place of an earlier one now: it was taken back.
   * @param {Message} message with a `seq`
   */
  replace(message) {
    const seq = message.seq ?? 0
    if (this.#early.has(seq)) this.#early.set(seq, message)
    if (this.#has(seq)) this.#messages = this.#messages.map((held) => (held.seq === seq ? message : held))
  }

  /**
   * The answer to "what came after `last`".
   * @param {readonly Message[]} messages oldest first
   */
  fill(messages) {
    for (const message of messages) this.receive(message)
  }

  /**
   * The answer to "what came before `first`".
   * @param {Page} page
   * @returns {Message[]} those that are new here
   */
  prepend({ messages, more }) {
    const older = messages.filter(stored).filter((message) => !this.first || (message.seq ?? 0) < this.first)
    const joined = older.length === 0 || !this.first || older.at(-1)?.seq === this.first - 1
    if (!joined) return []
    this.#messages = [...older, ...this.#messages]
    this.more = more
    return older
  }

  /**
   * Takes the epoch of a conversation that came fresh from the server.
   * @param {Position} head
   * @returns {boolean} whether the order was rewritten, so that everything must be fetched anew
   */
  follow(head) {
    const rewritten = this.#epoch !== 0 && this.#epoch !== head.epoch
    if (this.#epoch === 0) this.#epoch = head.epoch
    return rewritten
  }

  /** @param {number} seq */
  #has(seq) {
    return this.#messages.length > 0 && seq >= this.first && seq <= this.last
  }

  #drain() {
    let next
    while ((next = this.#early.get(this.last + 1))) {
      this.#early.delete(this.last + 1)
      this.#messages.push(next)
    }
    for (const seq of this.#early.keys()) if (seq <= this.last) this.#early.delete(seq)
  }
}

/** @param {Message} message */
function stored(message) {
  return message.seq !== null
}
