/** @import { Connection } from "../../shared/net/connection.js" */

const AGAIN_MS = 3_000

/** Tells others that one writes: not more often than they need, and that it stopped only when they were told. */
export class Writes {
  #last = 0

  /** @param {Connection} connection */
  constructor(connection) {
    this.connection = connection
  }

  /**
   * @param {string} conversation
   * @param {boolean} on
   */
  tell(conversation, on) {
    const now = Date.now()
    if (on && now - this.#last < AGAIN_MS) return
    if (!on && this.#last === 0) return
    this.#last = on ? now : 0
    // A hint that did not arrive is replaced by the next.
    this.connection.command("typing", { conversation, on }).catch(() => {})
  }

  /** It was sent: that ends it for everybody. */
  sent() {
    this.#last = 0
  }
}
