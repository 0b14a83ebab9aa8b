import { elsewhereSheet } from "../elements/sheet.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Connection } from "../../shared/net/connection.js" */

/** Says once that the chat goes on in another place, and takes it back from there. */
export class Elsewhere {
  #was = false

  /**
   * @param {HTMLElement} element which is marked while it is so
   * @param {Strings} strings
   */
  constructor(element, strings) {
    this.element = element
    this.strings = strings
  }

  /** @param {Connection | undefined} connection */
  follow(connection) {
    const is = connection?.state === "ended" && connection.reason === "elsewhere"
    this.element.toggleAttribute("data-elsewhere", is)
    if (is && !this.#was) {
      const { strings } = this
      const words = { title: strings.get("else-title"), text: strings.get("else-text"), here: strings.get("else-here") }
      elsewhereSheet(words, () => connection.retry())
    }
    this.#was = is
  }
}
