import { byId, say } from "../lib/dom.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Person } from "../../shared/net/protocol.js" */
/** @import { Row } from "../models/rows.js" */

const PAUSE_MS = 4_000
const SHOWN_MS = 8_100

/** Who is writing: the line that says it of others, and telling it of oneself. */
export class Typing {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #dots

  /**
   * @param {Strings} strings
   * @param {() => void} changed somebody may have stopped
   */
  constructor(strings, changed) {
    this.strings = strings
    this.changed = changed
  }

  /**
   * The text in the composer is another one.
   * @param {string} text
   * @param {((on: boolean) => void) | null} tell null when nobody is to hear it
   */
  wrote(text, tell) {
    clearTimeout(this.#pause)
    if (!tell) return
    tell(text !== "")
    if (text) this.#pause = setTimeout(() => tell(false), PAUSE_MS)
  }

  /**
   * @param {Person | undefined} person who writes
   * @returns {Row[]} one row or none
   */
  rows(person) {
    const text = person ? this.strings.get("typing-one", { name: person.name }) : ""
    say(byId("said"), text) // once per burst; that it stopped is not news
    clearTimeout(this.#dots)
    if (!person) return []
    this.#dots = setTimeout(() => this.changed(), SHOWN_MS)
    return [{ kind: "typing", key: "typing", person, text }]
  }
}
