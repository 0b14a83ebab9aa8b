import { icon, make } from "../lib/dom.js"

/**
 * @typedef {{ icon: string, text: string, bad?: boolean, run: () => void }} Item
 * A rule between items is `null`.
 */

/** The menu of the header: arrows, Home and End, first letters; Escape gives the focus back. */
export class Menu extends HTMLElement {
  /** @type {() => (Item | null)[]} */
  items = () => []
  #listening = new AbortController()
  #button = /** @type {HTMLElement} */ (document.getElementById("more"))

  connectedCallback() {
    const { signal } = this.#listening
    this.#button.addEventListener("click", () => (this.hidden ? this.#open() : this.#close(true)), { signal })
    this.#button.addEventListener("keydown", ({ key }) => key === "ArrowDown" && this.hidden && this.#open(), {
      signal,
    })
    this.addEventListener("keydown", (event) => this.#key(event), { signal })
    this.addEventListener("focusout", ({ relatedTarget }) => this.#left(relatedTarget), { signal })
    document.addEventListener("pointerdown", ({ target }) => this.#pressed(target), { signal })
  }

  disconnectedCallback() {
    this.#listening.abort()
  }

  #open() {
    this.replaceChildren(...this.items().map((item) => (item ? this.#item(item) : make("hr", { role: "separator" }))))
    this.hidden = false
    this.#button.ariaExpanded = "true"
    this.#all[0]?.focus()
  }

  /** @param {boolean} back whether the focus returns to the button */
  #close(back) {
    if (this.hidden) return
    if (back) this.#button.focus()
    this.hidden = true
    this.#button.ariaExpanded = "false"
  }

  /** @param {Item} item */
  #item({ icon: name, text, bad, run }) {
    const button = make("button", { type: "button", role: "menuitem", tabIndex: -1 }, icon(name), text)
    button.toggleAttribute("data-bad", bad === true)
    button.addEventListener("click", () => {
      this.#close(true)
      run()
    })
    return button
  }

  get #all() {
    return /** @type {HTMLElement[]} */ ([...this.querySelectorAll("[role=menuitem]")])
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const all = this.#all
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const { key } = event
    const letter = key.toLocaleLowerCase()
    const jump =
      key.length === 1
        ? [...all.slice(at + 1), ...all].find((item) => item.textContent?.toLocaleLowerCase().startsWith(letter))
        : null
    const steps = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }
    if (key === "Escape") this.#close(true)
    else if (key === "Tab") this.#close(true)
    else if (jump) jump.focus()
    else if (key in steps) all[steps[/** @type {keyof typeof steps} */ (key)]]?.focus()
    else return
    event.stopPropagation()
    if (key !== "Tab") event.preventDefault()
  }

  /** @param {EventTarget | null} to */
  #left(to) {
    if (!(to instanceof Node) || !this.contains(to))
      queueMicrotask(() => this.contains(document.activeElement) || this.#close(false))
  }

  /** @param {EventTarget | null} target */
  #pressed(target) {
    if (target instanceof Node && !this.contains(target) && !this.#button.contains(target)) this.#close(false)
  }
}

customElements.define("parlor-menu", Menu)
