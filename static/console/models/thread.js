import { MessageLog } from "../../shared/models/log.js"

/** @import { Message, Person } from "../../shared/net/protocol.js" */

/** Typing is shown for this long after the last word of it. */
export const TYPING_MS = 8_000

/** The messages of one conversation that this page holds, and what its visitor is doing. */
export class Thread {
  log = new MessageLog()
  /** A newest page was fetched at least once. */
  loaded = false
  /** The pages on their way. */
  fetching = false
  /** Came in while nobody looked at the end of the log. */
  unseen = 0
  /** @type {{ person: Person, until: number } | null} */
  typing = null
  /** The farthest places that receipts were sent for. */
  sent = { delivered: 0, read: 0, telling: false }

  /** @param {string} id */
  constructor(id) {
    this.id = id
  }
}

const MOST = 20

/** The threads visited last; an old one is fetched again when somebody comes back to it. */
export class Threads {
  /** @type {Map<string, Thread>} */
  #threads = new Map()

  /**
   * @param {string} id
   * @returns {Thread}
   */
  open(id) {
    const thread = this.#threads.get(id) ?? new Thread(id)
    this.#threads.delete(id)
    this.#threads.set(id, thread)
    const oldest = this.#threads.keys().next().value
    if (this.#threads.size > MOST && oldest !== undefined) this.#threads.delete(oldest)
    return thread
  }

  /** @param {string} id */
  get(id) {
    return this.#threads.get(id)
  }

  /** @returns {{ conversation: string, epoch: number, seq: number }[]} what to resume from */
  get since() {
    const held = [...this.#threads.values()].filter((thread) => thread.loaded)
    return held.map(({ id, log }) => ({ conversation: id, epoch: log.epoch, seq: log.last }))
  }

  /** @returns {Thread[]} */
  get all() {
    return [...this.#threads.values()]
  }
}

/**
 * A message of ours that the server took.
 * @param {import("../../shared/models/outbox.js").Entry} entry
 * @param {import("../../shared/net/protocol.js").Sent} sent
 * @param {Person} me
 * @returns {Message}
 */
export function taken(entry, sent, me) {
  const { client_id, type, content } = entry
  return { ...sent, from: me, client_id, type, content }
}
