const FIRST_MS = 500
const LONGEST_MS = 30_000

/** Waits longer after each failure; noise keeps clients from returning together. */
export class Backoff {
  #failures = 0

  /** @param {() => number} [random] */
  constructor(random = Math.random) {
    this.random = random
  }

  /** @returns {number} milliseconds to wait before the next try: 0.5 s doubled up to 30 s, the upper half of it at random */
  next() {
    const step = Math.min(FIRST_MS * 2 ** this.#failures++, LONGEST_MS)
    return Math.max(FIRST_MS, step * (0.5 + this.random() / 2))
  }

  /** @returns {number} a short wait for a server that said it will be back; the next failure counts as the first */
  soon() {
    this.reset()
    return FIRST_MS * (1 + this.random() * 2)
  }

  reset() {
    this.#failures = 0
  }
}
