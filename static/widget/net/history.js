import { CommandError } from "../../shared/net/protocol.js"

/** @import { MessageLog } from "../../shared/models/log.js" */
/** @import { Connection } from "../../shared/net/connection.js" */
/** @import { Page } from "../../shared/net/protocol.js" */

const PAGE = 30
const MOST_AT_ONCE = 100

/** Fetches what was said, and keeps it in the conversations' logs. */
export class History {
  #fetching = new Set()

  /**
   * @param {Connection} connection
   * @param {() => void} changed something came, or did not
   */
  constructor(connection, changed) {
    this.connection = connection
    this.changed = changed
  }

  /**
   * One request of a kind at a time; a lost line is tried again after the next welcome.
   * @param {string} what
   * @param {() => Promise<void>} request
   */
  async once(what, request) {
    if (this.#fetching.has(what)) return
    this.#fetching.add(what)
    try {
      await request()
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
    } finally {
      this.#fetching.delete(what)
      this.changed()
    }
  }

  /**
   * The page before the oldest held.
   * @param {string} id
   * @param {MessageLog} log
   */
  async earlier(id, log) {
    await this.once(`before ${id}`, async () => {
      const page = await this.connection.command("history", { conversation: id, before: log.first, limit: PAGE })
      log.prepend(page)
    })
  }

  /**
   * What is missing: the newest page, or what came after the newest held.
   * @param {string} id
   * @param {MessageLog} log
   */
  async fill(id, log) {
    for (;;) {
      const { last } = log
      const query = last ? { conversation: id, after: last, limit: MOST_AT_ONCE } : { conversation: id, limit: PAGE }
      /** @type {Page} */
      const page = await this.connection.command("history", query)
      if (last === 0) return log.reset(page.head.epoch, page.messages, page.more)
      if (log.follow(page.head)) {
        log.reset(page.head.epoch, [], true) // the order was rewritten
        continue
      }
      log.fill(page.messages)
      if (page.messages.length === 0 || (!page.more && !log.broken)) return
    }
  }
}
