import { filesIn } from "../../shared/lib/picture.js"
import { Staging } from "../../shared/views/staged.js"
import { find, mark, slot, write } from "../lib/dom.js"
import { page, region, t } from "../page.js"

/** @import { StagedFile } from "../../shared/views/staged.js" */

const TYPING_EVERY_MS = 3_000
const TYPING_OVER_MS = 5_000
const PROBLEM_MS = 8_000

/**
 * @typedef {object} ComposerEvents
 * @property {(text: string, files: StagedFile[]) => void} send
 * @property {(button: HTMLElement) => void} emoji the panel is wanted, or no longer
 * @property {(text: string) => void} changed a draft to keep
 * @property {(on: boolean) => void} typing
 * @property {() => void} leave Escape
 */

/** Where a reply is written. */
export class Composer {
  #typingTold = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typingOver

  /**
   * @param {HTMLElement} pane the conversation
   * @param {ComposerEvents} events
   * @param {AbortSignal} signal
   */
  constructor(pane, events, signal) {
    this.events = events
    this.form = slot(pane, "composer")
    this.text = /** @type {HTMLTextAreaElement} */ (find(this.form, "textarea"))
    this.button = find(this.form, "button[type=submit]")
    this.hint = slot(this.form, "composer-hint")
    this.problem = slot(this.form, "problem")
    this.picker = /** @type {HTMLInputElement} */ (find(this.form, "input[type=file]"))
    this.staging = new Staging(slot(this.form, "staged"), {
      say: t,
      language: region,
      limits: page.data.limits,
      refused: (words) => this.#complain(words),
      changed: () => this.#judge(),
    })
    const emoji = find(this.form, "[data-action=emoji]")
    emoji.addEventListener("click", () => events.emoji(emoji), { signal })
    find(this.form, "[data-action=attach]").addEventListener("click", () => this.picker.click(), { signal })
    this.picker.addEventListener("change", () => this.#picked(), { signal })
    this.text.addEventListener("paste", (event) => this.#pasted(event), { signal })
    this.form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault()
        this.#send()
      },
      { signal },
    )
    this.text.addEventListener("input", () => this.#edited(), { signal })
    this.text.addEventListener("keydown", (event) => this.#key(event), { signal })
    this.text.addEventListener("blur", () => this.stopTyping(), { signal })
    // Anywhere in the frame of the field means the field.
    this.form.addEventListener("click", ({ target }) => target === this.form && this.focus(), { signal })
  }

  /**
   * Another conversation.
   * @param {string} draft
   * @param {string} name the visitor's
   */
  open(draft, name) {
    this.text.value = draft
    this.address(name)
    this.#fit()
    this.#judge()
  }

  /** @param {string} name the visitor's */
  address(name) {
    mark(this.text, "placeholder", t("reply-placeholder", { name }))
  }

  /** @param {boolean} there */
  show(there) {
    this.form.hidden = !there
    if (there) this.#fit()
  }

  /** @returns {boolean} */
  get isThere() {
    return !this.form.hidden
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.text.value.trim() === "" && this.staging.isEmpty
  }

  /** @param {File[]} files to be sent with what is written next */
  async stage(files) {
    await this.staging.add(files)
    this.focus()
  }

  /** @param {string} text where the caret is */
  insert(text) {
    this.text.setRangeText(text, this.text.selectionStart, this.text.selectionEnd, "end")
    this.#edited()
  }

  #picked() {
    const files = [...(this.picker.files ?? [])]
    this.picker.value = ""
    this.stage(files)
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const files = filesIn(event.clipboardData)
    if (files.length === 0) return
    event.preventDefault()
    this.stage(files)
  }

  /** @param {string} words why a file is not taken */
  #complain(words) {
    write(this.problem, words)
    this.problem.hidden = false
    setTimeout(() => {
      this.problem.hidden = true
    }, PROBLEM_MS)
  }

  focus() {
    this.text.focus()
  }

  stopTyping() {
    clearTimeout(this.#typingOver)
    if (this.#typingTold) this.events.typing(false)
    this.#typingTold = 0
  }

  #send() {
    const text = this.text.value.trim()
    if (this.isEmpty || this.#excess() > 0) return this.focus()
    this.text.value = ""
    this.events.changed("")
    this.stopTyping()
    this.#fit()
    this.#judge()
    this.events.send(text, this.staging.take())
    this.#judge()
    this.focus()
  }

  #edited() {
    this.events.changed(this.text.value)
    this.#fit()
    this.#judge()
    if (this.isEmpty) this.stopTyping()
    else this.#tellTyping()
  }

  #tellTyping() {
    clearTimeout(this.#typingOver)
    this.#typingOver = setTimeout(() => this.stopTyping(), TYPING_OVER_MS)
    if (Date.now() - this.#typingTold < TYPING_EVERY_MS) return
    this.#typingTold = Date.now()
    this.events.typing(true)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Enter that ends an input method's composition is not Enter.
    if (event.isComposing || event.keyCode === 229) return
    if (event.key === "Escape") {
      event.stopPropagation()
      this.events.leave()
    }
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return
    event.preventDefault()
    this.#send()
  }

  /** @returns {number} characters too many */
  #excess() {
    return Math.max(0, [...this.text.value.trim()].length - page.data.longest)
  }

  #judge() {
    const excess = this.#excess()
    mark(this.button, "aria-disabled", this.isEmpty || excess > 0 ? "true" : null)
    mark(this.hint, "data-state", excess > 0 ? "bad" : null)
    write(this.hint, excess > 0 ? t("too-long", { n: excess }) : t("send-hint"))
  }

  /** For browsers whose fields do not grow by themselves. */
  #fit() {
    if (CSS.supports("field-sizing", "content")) return
    this.text.style.height = "auto"
    this.text.style.height = `${this.text.scrollHeight + 2}px`
  }
}
