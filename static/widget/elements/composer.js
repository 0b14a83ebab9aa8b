import { say } from "../lib/dom.js"

const COUNT_FROM = 4_000
const MOST = 8_000

/**
 * @typedef {object} ComposerEvents
 * @property {(text: string) => void} send
 * @property {(text: string) => void} input
 * @property {(text: string) => void} refused why nothing was sent
 */

/** Where the visitor writes. Enter sends, Shift+Enter does not, and nothing is sent while a word is being composed. */
export class Composer extends HTMLElement {
  /** @type {ComposerEvents | undefined} */
  events
  words = { empty: "", tooLong: (/** @type {number} */ _) => "" }
  #listening = new AbortController()
  #form = /** @type {HTMLFormElement} */ (this.querySelector("form"))
  #text = /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"))
  #send = /** @type {HTMLButtonElement} */ (this.querySelector(".send"))
  #counter = /** @type {HTMLElement} */ (this.querySelector(".counter"))

  connectedCallback() {
    const { signal } = this.#listening
    this.#form.addEventListener("submit", (event) => this.#submit(event), { signal })
    this.#text.addEventListener("keydown", (event) => this.#key(event), { signal })
    this.#text.addEventListener("input", () => this.#changed(), { signal })
    // The press must not take the focus, or a phone's keyboard would go.
    this.#send.addEventListener("pointerdown", (event) => event.preventDefault(), { signal })
    this.#form.addEventListener("pointerdown", (event) => event.target !== this.#text && this.#toText(event), {
      signal,
    })
  }

  disconnectedCallback() {
    this.#listening.abort()
  }

  get value() {
    return this.#text.value
  }

  set value(text) {
    this.#text.value = text
    this.#fit()
  }

  /** @param {string} text */
  set placeholder(text) {
    if (this.#text.placeholder !== text) this.#text.placeholder = text
  }

  focus() {
    this.#text.focus()
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault()
    const text = this.#text.value.trim()
    const over = [...text].length - MOST
    if (!text) return this.events?.refused(this.words.empty)
    if (over > 0) return this.events?.refused(this.words.tooLong(over))
    this.value = ""
    this.events?.input("")
    this.events?.send(text)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // 229: some keyboards do not say that they compose.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return
    if (event.ctrlKey) return this.#newLine(event)
    if (event.shiftKey || event.altKey || event.metaKey) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  /** @param {KeyboardEvent} event */
  #newLine(event) {
    event.preventDefault()
    this.#text.setRangeText("\n", this.#text.selectionStart, this.#text.selectionEnd, "end")
    this.#changed()
  }

  /** @param {PointerEvent} event */
  #toText(event) {
    if (event.target instanceof Element && event.target.closest("button")) return
    event.preventDefault()
    this.#text.focus()
  }

  #changed() {
    this.#fit()
    this.events?.input(this.#text.value)
  }

  #fit() {
    const { value } = this.#text
    const empty = value.trim() === ""
    this.#send.ariaDisabled = String(empty)
    this.#send.title = empty ? this.words.empty : ""
    const length = value.length > COUNT_FROM ? [...value.trim()].length : 0
    this.#counter.hidden = length <= COUNT_FROM
    this.#counter.toggleAttribute("data-over", length > MOST)
    say(this.#counter, length > MOST ? this.words.tooLong(length - MOST) : `${length} / ${MOST}`)
    if (CSS.supports("field-sizing", "content")) return
    this.#text.style.height = "auto"
    this.#text.style.height = `${this.#text.scrollHeight}px`
  }
}

customElements.define("parlor-composer", Composer)
