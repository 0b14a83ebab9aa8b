/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { Keep } from "../lib/keep.js" */

export const RING_MS = 30_000
/** How long a card says what became of it. */
export const OVER_MS = 2_000
const MEMORY = "parlor.rung"

/**
 * @typedef {object} Ring
 * @property {string} id of the conversation
 * @property {number} until
 * @property {string} [over] why it no longer rings, in words
 */

/**
 * Which visitors ring. Everybody who is online hears a new one for 30 s, or until somebody takes it; a ring that was
 * declined or has run out does not come back in this tab, not even after a reload.
 */
export class Rings {
  /** @type {Map<string, Ring>} */
  #rings = new Map()
  /** When each began or was put away. @type {Record<string, number>} */
  #rung

  /** @param {Keep} keep */
  constructor(keep) {
    this.keep = keep
    this.#rung = read(keep.get(MEMORY))
  }

  /** @returns {Ring[]} oldest first */
  get all() {
    return [...this.#rings.values()]
  }

  /** @returns {Ring[]} those that ring now */
  get ringing() {
    return this.all.filter((ring) => !ring.over)
  }

  /**
   * Somebody waits in line.
   * @param {Conversation} conversation
   * @param {number} now
   * @param {boolean} fresh it has just come; otherwise only a recent wait rings
   * @returns {boolean} whether a ring began
   */
  waits(conversation, now, fresh) {
    const { id, service } = conversation
    if (service?.stage.name !== "queued" || this.#rings.has(id)) return false
    const began = this.#rung[id] ?? (fresh ? now : (service.waiting_since ?? service.stage.since))
    if (now - began >= RING_MS) return false
    this.#remember(id, began)
    this.#rings.set(id, { id, until: began + RING_MS })
    return true
  }

  /**
   * It rings no more.
   * @param {string} id
   * @param {number} now
   * @param {string} [words] what became of it; without words the card goes at once
   */
  end(id, now, words) {
    const ring = this.#rings.get(id)
    if (!ring || ring.over) return
    this.#remember(id, 0)
    if (words) this.#rings.set(id, { ...ring, over: words, until: now + OVER_MS })
    else this.#rings.delete(id)
  }

  /**
   * Takes away what has run out.
   * @param {number} now
   * @returns {Ring[]} those that nobody answered
   */
  expire(now) {
    const out = this.all.filter((ring) => ring.until <= now)
    for (const ring of out) {
      this.#rings.delete(ring.id)
      this.#remember(ring.id, 0)
    }
    return out.filter((ring) => !ring.over)
  }

  clear() {
    this.#rings.clear()
  }

  /**
   * @param {string} id
   * @param {number} began 0: it is over
   */
  #remember(id, began) {
    this.#rung[id] = began
    const recent = Object.entries(this.#rung).slice(-50)
    this.#rung = Object.fromEntries(recent)
    this.keep.set(MEMORY, JSON.stringify(this.#rung))
  }
}

/**
 * @param {string | null} text
 * @returns {Record<string, number>}
 */
function read(text) {
  try {
    const memory = JSON.parse(text ?? "{}")
    return memory && typeof memory === "object" ? memory : {}
  } catch {
    return {}
  }
}
