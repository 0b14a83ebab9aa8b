import { mark } from "../lib/dom.js"

/** A menu behind a button: arrows, Home, End, first letters, Escape; focus goes back to the button. */
export class Menu {
  #typed = ""
  #typedAt = 0

  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} menu
   * @param {(item: HTMLElement) => void} chosen
   * @param {AbortSignal} signal
   */
  constructor(button, menu, chosen, signal) {
    this.button = button
    this.menu = menu
    button.addEventListener("click", () => (this.isOpen ? this.close() : this.open()), { signal })
    button.addEventListener("keydown", (event) => this.#fromButton(event), { signal })
    menu.addEventListener("keydown", (event) => this.#key(event), { signal })
    menu.addEventListener(
      "click",
      ({ target }) => {
        const item = target instanceof Element ? target.closest("[role^=menuitem]") : null
        if (item instanceof HTMLElement) chosen(item)
      },
      { signal },
    )
    document.addEventListener("pointerdown", ({ target }) => this.#outside(target), { signal, capture: true })
  }

  get isOpen() {
    return !this.menu.hidden
  }

  open() {
    this.menu.hidden = false
    mark(this.button, "aria-expanded", "true")
    const checked = this.menu.querySelector("[aria-checked=true]")
    if (checked instanceof HTMLElement) checked.focus()
    else this.#items[0]?.focus()
  }

  /** @param {boolean} [back] whether focus returns to the button */
  close(back = true) {
    if (!this.isOpen) return
    const inside = this.menu.contains(document.activeElement)
    this.menu.hidden = true
    mark(this.button, "aria-expanded", "false")
    if (back && inside) this.button.focus()
  }

  /** @returns {HTMLElement[]} */
  get #items() {
    return [...this.menu.querySelectorAll("[role^=menuitem]")].map((item) => /** @type {HTMLElement} */ (item))
  }

  /** @param {EventTarget | null} target */
  #outside(target) {
    if (!this.isOpen || !(target instanceof Node) || this.menu.contains(target) || this.button.contains(target)) return
    this.close(false)
  }

  /** @param {KeyboardEvent} event */
  #fromButton(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return
    event.preventDefault()
    this.open()
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.#items
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[
      event.key
    ]
    event.stopPropagation()
    if (event.key === "Escape") return this.close()
    if (event.key === "Tab") return this.close(false)
    if (step !== undefined) {
      event.preventDefault()
      items.at(step % items.length)?.focus()
    } else if (event.key.length === 1 && event.key !== " ") this.#find(event.key, items, at)
  }

  /**
   * @param {string} letter
   * @param {HTMLElement[]} items
   * @param {number} at
   */
  #find(letter, items, at) {
    this.#typed = Date.now() - this.#typedAt < 500 ? this.#typed + letter : letter
    this.#typedAt = Date.now()
    const from = [...items.slice(at + 1), ...items.slice(0, at + 1)]
    from.find((item) => item.textContent?.trim().toLowerCase().startsWith(this.#typed.toLowerCase()))?.focus()
  }
}

/**
 * @param {ParentNode} menu
 * @param {string} selector of the choices
 * @param {(item: HTMLElement) => boolean} chosen
 */
export function choose(menu, selector, chosen) {
  for (const item of menu.querySelectorAll(selector)) {
    item.setAttribute("aria-checked", String(chosen(/** @type {HTMLElement} */ (item))))
  }
}
