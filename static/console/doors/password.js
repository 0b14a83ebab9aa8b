/** A password that can be looked at. */
class PasswordField extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input")
    const button = this.querySelector("button")
    if (!input || !button) return
    button.addEventListener("click", () => {
      const shown = input.type === "password"
      input.type = shown ? "text" : "password"
      button.setAttribute("aria-pressed", String(shown))
      input.focus()
    })
  }
}

customElements.define("parlor-password", PasswordField)
