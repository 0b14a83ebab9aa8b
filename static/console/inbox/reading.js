/** Words count as read when they were seen for this long. */
const READ_MS = 1_000

/** Whether somebody looks at new words long enough to have read them. */
export class Reading {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer

  /**
   * @param {() => boolean} looks somebody looks at words they have not read
   * @param {() => void} read they have read them
   */
  constructor(looks, read) {
    this.looks = looks
    this.read = read
  }

  /** Somebody may be looking now. */
  look() {
    this.stop()
    if (!this.looks()) return
    this.#timer = setTimeout(() => this.looks() && this.read(), READ_MS)
  }

  stop() {
    clearTimeout(this.#timer)
  }
}
