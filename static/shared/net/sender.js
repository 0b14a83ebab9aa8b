import { CommandError } from "./protocol.js"

/** @import { Entry, Outbox, Target } from "../models/outbox.js" */
/** @import { Connection } from "./connection.js" */
/** @import { Sent } from "./protocol.js" */

const PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * @typedef {object} Events
 * @property {(entry: Entry, sent: Sent) => void} sent the server has it; it is no longer in the outbox
 * @property {() => void} changed an entry was refused or goes elsewhere
 * @property {(entry: Entry) => Promise<void>} [before] what must be said before this message
 * @property {(entry: Entry) => Target | null} [elsewhere] where a message goes whose conversation was over already
 */

/**
 * Empties an outbox over a connection: one after the other, so that the order is kept; again with the same id
 * whenever the outcome is unknown. Only a refusal for good takes a message out of the line.
 */
export class Sender {
  #busy = false
  #pauses = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer

  /**
   * @param {Outbox} outbox
   * @param {Connection} connection
   * @param {Events} events
   */
  constructor(outbox, connection, events) {
    this.outbox = outbox
    this.connection = connection
    this.events = events
  }

  /** Call when something was written and whenever the connection is live. */
  async pump() {
    if (this.#busy) return
    clearTimeout(this.#timer)
    this.#busy = true
    let entry
    try {
      while (this.connection.state === "live" && (entry = this.outbox.next)) {
        if (!(await this.#send(entry))) break
      }
    } finally {
      this.#busy = false
    }
  }

  /**
   * @param {Entry} entry
   * @returns {Promise<boolean>} whether to go on with the next
   */
  async #send(entry) {
    const { client_id, type, content } = entry
    try {
      await this.events.before?.(entry)
      const sent = await this.connection.command("send", { client_id, type, content, ...entry.to })
      this.#pauses = 0
      this.outbox.remove(client_id)
      this.events.sent(entry, sent)
      return true
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return this.#refused(entry, error)
    }
  }

  /**
   * @param {Entry} entry
   * @param {CommandError} error
   */
  #refused(entry, error) {
    if (error.lost) return false // the next welcome pumps again
    if (error.temporary) {
      const pause = Math.min(PAUSE_MS * 2 ** this.#pauses++, LONGEST_PAUSE_MS)
      this.#timer = setTimeout(() => this.pump(), Math.max(pause, error.retryAfter * 1000))
      return false
    }
    const elsewhere = error.code === "conversation_closed" ? this.events.elsewhere?.(entry) : null
    if (elsewhere) this.outbox.redirect(entry.client_id, elsewhere)
    else this.outbox.fail(entry.client_id, error.code)
    this.events.changed()
    return true
  }
}
