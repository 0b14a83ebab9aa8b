import { byId, icon, make, say } from "../lib/dom.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Shelf } from "../lib/storage.js" */

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

const DRAFT = "leave"

/** The form for when nobody is in. What was typed survives errors, closing and reloading. */
export class Leave {
  #form = /** @type {HTMLFormElement} */ (byId("leave"))

  /**
   * @param {Strings} strings
   * @param {Shelf} shelf
   * @param {(answers: Record<string, string>) => void} send
   */
  constructor(strings, shelf, send) {
    this.strings = strings
    this.shelf = shelf
    this.send = send
    this.#restore()
    this.#form.addEventListener("input", ({ target }) => {
      if (isField(target) && target.ariaInvalid === "true") this.#check(target)
      this.#keep()
    })
    this.#form.addEventListener("focusout", ({ target }) => {
      if (isField(target) && target.value !== "") this.#check(target)
    })
    this.#form.addEventListener("submit", (event) => this.#submit(event))
  }

  focus() {
    byId("leave-text").focus()
  }

  /** @param {boolean} busy */
  set busy(busy) {
    const button = this.#form.querySelector("button")
    if (button) button.ariaBusy = busy ? "true" : null
  }

  /** It was sent. */
  clear() {
    const text = /** @type {Field} */ (byId("leave-text"))
    text.value = ""
    this.busy = false
    this.#keep()
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault()
    if (this.#form.querySelector("[aria-busy]")) return
    const wrong = this.#fields.filter((field) => !this.#check(field))
    if (wrong[0]) return wrong[0].focus()
    const answers = Object.fromEntries(
      this.#fields.map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value),
    )
    this.busy = true
    this.send(answers)
  }

  /**
   * @param {Field} field
   * @returns {boolean} whether it is right; otherwise the reason stands under it
   */
  #check(field) {
    const reason = this.#reason(field)
    const id = `${field.id}-error`
    document.getElementById(id)?.remove()
    if (reason) field.after(make("p", { class: "error", id }, icon("alert"), make("span", { textContent: reason })))
    field.ariaInvalid = reason ? "true" : null
    if (reason) field.setAttribute("aria-describedby", id)
    else field.removeAttribute("aria-describedby")
    return !reason
  }

  /** @param {Field} field */
  #reason({ required, value, type }) {
    const text = value.trim()
    if (required && !text) return this.strings.get("err-empty")
    if (type === "email" && text && !/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/u.test(text)) return this.strings.get("err-email")
    if (type === "tel" && text && !/^\+?[\d\s()./-]{4,40}$/u.test(text)) return this.strings.get("err-phone")
    return ""
  }

  get #fields() {
    return /** @type {Field[]} */ ([...this.#form.elements].filter(isField))
  }

  #keep() {
    this.shelf.set(DRAFT, JSON.stringify(this.#fields.map(({ value }) => value)))
  }

  #restore() {
    try {
      const values = JSON.parse(this.shelf.get(DRAFT) || "[]")
      this.#fields.forEach((field, index) => {
        if (typeof values[index] === "string") field.value ||= values[index]
      })
    } catch {
      // Somebody else's words; start empty.
    }
  }
}

/**
 * What is shown once the message is stored.
 * @param {Strings} strings
 * @param {string} email
 * @param {string} reference
 */
export function showStored(strings, email, reference) {
  say(byId("stored-text"), strings.get("away-done-text", { email }))
  say(byId("stored-ref"), strings.get("away-ref", { id: reference }))
}

/**
 * @param {EventTarget | null} target
 * @returns {target is Field}
 */
function isField(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
}
