import { Inbox } from "./inbox.js"

customElements.define(
  "parlor-inbox",
  class extends HTMLElement {
    /** @type {Inbox | null} */
    #inbox = null

    connectedCallback() {
      const begin = () => {
        this.#inbox = new Inbox(this)
        this.#inbox.begin()
      }
      // The script may run before the page is whole.
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin, { once: true })
      else begin()
    }

    disconnectedCallback() {
      this.#inbox?.end()
      this.#inbox = null
    }
  },
)
