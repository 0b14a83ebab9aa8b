/**
 * The order of a list under somebody's hand: it changes only when nobody points inside. What came meanwhile waits
 * behind the pill; what went stays where it was, greyed.
 */
export class HeldOrder {
  /** @type {string[]} */
  #shown = []
  /** @type {string[]} */
  #wanted = []
  /** Stays although it left, until somebody leaves it. @type {string | null} */
  #kept = null

  /** @returns {readonly string[]} what stands in the list */
  get shown() {
    return this.#shown
  }

  /** @returns {number} how many wait behind the pill */
  get waiting() {
    return this.#wanted.filter((id) => !this.#shown.includes(id)).length
  }

  /**
   * @param {string} id
   * @returns {boolean} whether it stands there although it left the view
   */
  isGone(id) {
    return !this.#wanted.includes(id)
  }

  /** @param {string | null} id the open conversation */
  keep(id) {
    this.#kept = id
  }

  /**
   * A new list: another view, or the first.
   * @param {string[]} ids
   */
  reset(ids) {
    this.#wanted = ids
    this.#shown = [...ids]
  }

  /**
   * @param {string[]} ids how the list should be
   * @param {boolean} free whether it may change under the hand
   * @returns {boolean} whether it did
   */
  want(ids, free) {
    this.#wanted = ids
    return free && this.settle()
  }

  /**
   * Takes the wanted order.
   * @returns {boolean} whether anything changed
   */
  settle() {
    const next = this.#withKept()
    const changed = next.length !== this.#shown.length || next.some((id, index) => id !== this.#shown[index])
    this.#shown = next
    return changed
  }

  #withKept() {
    const kept = this.#kept
    if (!kept || this.#wanted.includes(kept) || !this.#shown.includes(kept)) return [...this.#wanted]
    const place = Math.min(this.#shown.indexOf(kept), this.#wanted.length)
    return [...this.#wanted.slice(0, place), kept, ...this.#wanted.slice(place)]
  }
}
