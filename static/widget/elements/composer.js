import { filesIn } from "../../shared/lib/picture.js"
import { Staging } from "../../shared/views/staged.js"
import { say } from "../lib/dom.js"

/** @import { StagedFile, StagingContext } from "../../shared/views/staged.js" */

const COUNT_FROM = 4_000
const MOST = 8_000

/**
 * @typedef {object} ComposerEvents
 * @property {(text: string, files: StagedFile[]) => void} send
 * @property {(text: string) => void} input
 * @property {(text: string) => void} refused why nothing was sent
 * @property {(button: HTMLElement) => void} emoji the panel is wanted, or no longer
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
  #picker = /** @type {HTMLInputElement} */ (this.querySelector("input[type=file]"))
  /** @type {Staging | undefined} */
  #staging

  connectedCallback() {
    const { signal } = this.#listening
    this.#form.addEventListener("submit", (event) => this.#submit(event), { signal })
    this.#text.addEventListener("keydown", (event) => this.#key(event), { signal })
    this.#text.addEventListener("input", () => this.#changed(), { signal })
    this.#text.addEventListener("paste", (event) => this.#pasted(event), { signal })
    this.#part("attach").addEventListener("click", () => this.#picker.click(), { signal })
    this.#part("emoji").addEventListener("click", () => this.events?.emoji(this.#part("emoji")), { signal })
    this.#picker.addEventListener("change", () => this.#picked(), { signal })
    // The press must not take the focus, or a phone's keyboard would go.
    this.#send.addEventListener("pointerdown", (event) => event.preventDefault(), { signal })
    this.#form.addEventListener("pointerdown", (event) => event.target !== this.#text && this.#toText(event), {
      signal,
    })
  }

  disconnectedCallback() {
    this.#listening.abort()
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.querySelector(`#${name}`))
  }

  /** @param {Omit<StagingContext, "changed">} by how files are chosen */
  set files(by) {
    const list = /** @type {HTMLElement} */ (this.querySelector(".staged"))
    this.#staging = new Staging(list, { ...by, changed: () => this.#fit() })
  }

  /** @param {File[]} files to be sent with what is written next */
  async stage(files) {
    await this.#staging?.add(files)
    this.#text.focus()
  }

  /** @param {string} text where the caret is */
  insert(text) {
    this.#text.setRangeText(text, this.#text.selectionStart, this.#text.selectionEnd, "end")
    this.#changed()
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
    const none = this.#staging?.isEmpty ?? true
    if (!text && none) return this.events?.refused(this.words.empty)
    if (over > 0) return this.events?.refused(this.words.tooLong(over))
    this.value = ""
    this.events?.input("")
    this.events?.send(text, this.#staging?.take() ?? [])
    this.#fit()
  }

  #picked() {
    const files = [...(this.#picker.files ?? [])]
    this.#picker.value = ""
    this.stage(files)
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const files = filesIn(event.clipboardData)
    if (files.length === 0) return
    event.preventDefault()
    this.stage(files)
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
    this.insert("\n")
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
    const empty = value.trim() === "" && (this.#staging?.isEmpty ?? true)
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
