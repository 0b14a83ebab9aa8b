import { randomId } from "../lib/ids.js"

/**
 * Where a message goes: an existing conversation, the desk (which opens one), or, for users, somebody or something by
 * the app's own id.
 * @typedef {{ conversation: string } | { desk: true } | Record<string, string>} Target
 *
 * @typedef {object} Entry a message that the server has not confirmed
 * @property {string} client_id
 * @property {Target} to
 * @property {string} type
 * @property {Record<string, unknown>} content
 * @property {number} at when it was written
 * @property {number} turn its place among those written in the same millisecond
 * @property {string} [failed] the code of the refusal; the person decides what happens next
 *
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Keep
 */

/**
 * What was written and is not yet confirmed, in the order of writing. Survives reloads: every entry has its own key in
 * the storage, so that two tabs never overwrite each other's. Sending twice is harmless (`client_id`), losing is not.
 */
export class Outbox {
  /** @type {Map<string, Entry>} */
  #entries = new Map()
  #turn = 0

  /**
   * @param {string} scope whose outbox: site and visitor
   * @param {Keep | null} keep null where storage is refused: then it lives as long as the page
   * @param {{ now?: () => number, id?: () => string }} [from]
   */
  constructor(scope, keep, { now = Date.now, id = randomId } = {}) {
    this.prefix = `parlor.out.${scope}.`
    this.keep = keep
    this.now = now
    this.id = id
    this.#load()
  }

  /** @returns {Entry[]} oldest first */
  get entries() {
    return [...this.#entries.values()].sort((a, b) => a.at - b.at || a.turn - b.turn)
  }

  /** @returns {Entry | undefined} the one to send now; those after it wait, so that order is kept */
  get next() {
    return this.entries.find((entry) => !entry.failed)
  }

  /** @param {string} clientId */
  get(clientId) {
    return this.#entries.get(clientId)
  }

  /**
   * @param {Target} to
   * @param {string} type
   * @param {Record<string, unknown>} content
   * @param {string} [id] the one it had before, on another way
   * @returns {Entry}
   */
  add(to, type, content, id = this.id()) {
    const entry = { client_id: id, to, type, content, at: this.now(), turn: this.#turn++ }
    this.#put(entry)
    return entry
  }

  /**
   * The server has it, or it was deleted.
   * @param {string} clientId
   * @returns {Entry | undefined} what was taken out
   */
  remove(clientId) {
    const entry = this.#entries.get(clientId)
    this.#entries.delete(clientId)
    this.#guard(() => this.keep?.removeItem(this.prefix + clientId))
    return entry
  }

  /**
   * The server refused it.
   * @param {string} clientId
   * @param {string} code
   */
  fail(clientId, code) {
    const entry = this.#entries.get(clientId)
    if (entry) this.#put({ ...entry, failed: code })
  }

  /**
   * Try again, at the end of the line, as if it were written now. A refused id is never used twice.
   * @param {string} clientId
   * @param {Target} [to]
   * @returns {Entry | undefined}
   */
  retry(clientId, to) {
    const entry = this.remove(clientId)
    return entry && this.add(to ?? entry.to, entry.type, entry.content)
  }

  /**
   * Sends it elsewhere, in its place: the conversation was over before the message arrived.
   * @param {string} clientId
   * @param {Target} to
   */
  redirect(clientId, to) {
    const entry = this.#entries.get(clientId)
    if (entry) this.#put({ ...entry, to })
  }

  /**
   * Another tab changed the storage.
   * @param {string | null} key
   * @param {string | null} value
   * @returns {boolean} whether anything is different now
   */
  changed(key, value) {
    if (!key?.startsWith(this.prefix)) return false
    if (value === null) return this.#entries.delete(key.slice(this.prefix.length))
    return this.#adopt(value)
  }

  #load() {
    this.#guard(() => {
      const keys = Array.from({ length: this.keep?.length ?? 0 }, (_, index) => this.keep?.key(index))
      for (const key of keys) if (key?.startsWith(this.prefix)) this.#adopt(this.keep?.getItem(key) ?? "")
    })
  }

  /** @param {string} text */
  #adopt(text) {
    const entry = read(text)
    if (!entry) return false
    this.#entries.set(entry.client_id, entry)
    this.#turn = Math.max(this.#turn, entry.turn + 1)
    return true
  }

  /** @param {Entry} entry */
  #put(entry) {
    this.#entries.set(entry.client_id, entry)
    this.#guard(() => this.keep?.setItem(this.prefix + entry.client_id, JSON.stringify(entry)))
  }

  /** @param {() => void} action a full or forbidden storage must not stop the sending */
  #guard(action) {
    try {
      action()
    } catch {
      this.keep = null
    }
  }
}

/**
 * @param {string} text
 * @returns {Entry | null}
 */
function read(text) {
  try {
    const entry = JSON.parse(text)
    const sound = typeof entry.client_id === "string" && typeof entry.type === "string" && Number.isFinite(entry.at)
    return sound && entry.to && entry.content ? entry : null
  } catch {
    return null
  }
}
