const SYMBOLS = 8

/** One text field that looks like eight boxes. Takes what is pasted, with or without the dash. */
class CodeField extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input")
    if (!input) return
    const draw = () => this.#draw(input)
    input.addEventListener("input", () => this.#clean(input))
    for (const event of ["focus", "blur", "select"]) input.addEventListener(event, draw)
    document.addEventListener("selectionchange", draw)
    draw()
  }

  /** @param {HTMLInputElement} input */
  #clean(input) {
    const clean = input.value
      .toUpperCase()
      .replace(/[^A-Z0-9]/g, "")
      .slice(0, SYMBOLS)
    if (clean !== input.value) input.value = clean
    input.removeAttribute("aria-invalid")
    this.#draw(input)
    if (clean.length === SYMBOLS) this.dispatchEvent(new CustomEvent("complete", { bubbles: true }))
  }

  /** @param {HTMLInputElement} input */
  #draw(input) {
    const current = Math.min(input.selectionStart ?? input.value.length, input.value.length, SYMBOLS - 1)
    this.querySelectorAll("i").forEach((box, index) => {
      box.textContent = input.value[index] ?? ""
      box.toggleAttribute("data-current", index === current)
    })
  }
}

customElements.define("parlor-code", CodeField)
