import { find, slot, write } from "../lib/dom.js"

const SHOWN_MS = 8_000
const SHORT_MS = 4_000

/** One sentence about what has just been done, with one thing to do about it. */
export class Toast {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {(() => void) | null} */
  #act = null
  #busy = false

  /**
   * @param {HTMLElement} toast
   * @param {AbortSignal} signal
   */
  constructor(toast, signal) {
    this.toast = toast
    this.button = find(toast, "button")
    this.button.addEventListener("click", () => this.act(), { signal })
    for (const event of ["pointerenter", "focusin"])
      toast.addEventListener(event, () => (this.#busy = true), { signal })
    for (const event of ["pointerleave", "focusout"])
      toast.addEventListener(event, () => (this.#busy = false), { signal })
  }

  /**
   * @param {string} words
   * @param {{ words: string, act: () => void }} [offer]
   */
  show(words, offer) {
    clearTimeout(this.#timer)
    this.#act = offer?.act ?? null
    this.button.hidden = !offer
    if (offer) write(this.button, offer.words)
    this.toast.hidden = false
    write(slot(this.toast, "toast-text"), words)
    this.#leaveAfter(offer ? SHOWN_MS : SHORT_MS)
  }

  /** @returns {boolean} whether there is something to do about it */
  get offers() {
    return !this.toast.hidden && this.#act !== null
  }

  act() {
    this.#act?.()
    this.hide()
  }

  hide() {
    clearTimeout(this.#timer)
    this.toast.hidden = true
    this.#act = null
    write(slot(this.toast, "toast-text"), "")
  }

  /** @param {number} ms */
  #leaveAfter(ms) {
    this.#timer = setTimeout(() => (this.#busy ? this.#leaveAfter(1_000) : this.hide()), ms)
  }
}
