/** @import { Keep } from "../lib/keep.js" */

const MOST = 100

/** What was typed and not sent, per conversation, on this device. */
export class Drafts {
  /**
   * @param {string} agent
   * @param {Keep} keep
   */
  constructor(agent, keep) {
    this.prefix = `parlor.draft.${agent}.`
    this.keep = keep
  }

  /** @param {string} conversation */
  get(conversation) {
    return this.keep.get(this.prefix + conversation) ?? ""
  }

  /**
   * @param {string} conversation
   * @param {string} text
   */
  set(conversation, text) {
    this.keep.set(this.prefix + conversation, text.trim() ? text : null)
    const kept = this.keep.keys().filter((key) => key.startsWith(this.prefix))
    for (const key of kept.slice(0, Math.max(0, kept.length - MOST))) this.keep.set(key, null)
  }
}
