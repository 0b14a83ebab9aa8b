import { byId, icon, make, say, wear } from "../../../widget/lib/dom.js"

/** @import { Person } from "../../../shared/net/protocol.js" */
/** @import { Strings } from "../../../shared/lib/strings.js" */

const UNDO_MS = 5_000

/**
 * @typedef {object} Entry one conversation in the list
 * @property {string} key
 * @property {string} title
 * @property {Person | null} person whose face it has; null for what has a symbol
 * @property {string} symbol of what has no face
 * @property {boolean} square
 * @property {"" | "good" | "off"} dot whether the other one is here; empty when nobody says
 * @property {string} preview
 * @property {string} time
 * @property {number} unread
 *
 * @typedef {object} RosterEvents
 * @property {(key: string) => void} open
 * @property {(key: string) => void} remove for good: nobody took it back
 * @property {() => void} changed
 */

/** The list of conversations: arrows move, Enter opens, Delete deletes, with five seconds to think again. */
export class Roster {
  #rows = byId("rows")
  #none = byId("none")
  #undo = byId("undo")
  #search = /** @type {HTMLInputElement} */ (byId("search"))
  #print = ""
  /** Deleted, but perhaps taken back. @type {{ key: string, timer: ReturnType<typeof setTimeout> } | null} */
  #going = null

  /**
   * @param {Strings} strings
   * @param {RosterEvents} events
   */
  constructor(strings, events) {
    this.strings = strings
    this.events = events
    this.#rows.addEventListener("click", (event) => this.#pressed(event))
    this.#rows.addEventListener("keydown", (event) => this.#key(event))
    this.#search.addEventListener("input", () => events.changed())
    this.#undo.querySelector("button")?.addEventListener("click", () => this.#back())
  }

  focus() {
    const row = this.#rows.querySelector("button")
    if (row) row.focus()
    else this.#search.focus()
  }

  /**
   * @param {Entry[]} entries
   * @param {string} open the key of the one that is shown beside the list
   */
  show(entries, open) {
    const wanted = this.#search.value.trim().toLocaleLowerCase()
    const shown = entries.filter(
      ({ key, title }) => key !== this.#going?.key && title.toLocaleLowerCase().includes(wanted),
    )
    const print = JSON.stringify([shown, open, wanted])
    if (print === this.#print) return
    this.#print = print
    const focused = document.activeElement?.closest("li")?.dataset.key
    this.#rows.replaceChildren(...shown.map((entry) => this.#row(entry, entry.key === open)))
    if (focused) this.#rowOf(focused)?.querySelector("button")?.focus()
    this.#none.hidden = shown.length > 0
    say(this.#none, this.strings.get(wanted && entries.length > 0 ? "compat-nothing-found" : "list-empty"))
  }

  /** @param {string} key */
  #rowOf(key) {
    return /** @type {HTMLElement[]} */ ([...this.#rows.children]).find((row) => row.dataset.key === key)
  }

  /**
   * @param {Entry} entry
   * @param {boolean} open
   */
  #row(entry, open) {
    const { key, title, preview, time, unread } = entry
    const comma = () => make("span", { class: "hidden", textContent: ", " })
    const button = make(
      "button",
      { class: "row", type: "button" },
      face(entry),
      make("span", { class: "row-title", textContent: title }),
    )
    if (open) button.ariaCurrent = "true"
    if (entry.dot === "good")
      button.append(comma(), make("span", { class: "hidden", textContent: this.strings.get("status-online") }))
    button.append(
      comma(),
      make("span", { class: "row-preview", textContent: preview }),
      comma(),
      make("time", { class: "row-time", textContent: time }),
    )
    button.toggleAttribute("data-unread", unread > 0)
    if (unread > 0) {
      const count = unread > 99 ? "99+" : String(unread)
      button.append(
        comma(),
        make("span", { class: "hidden", textContent: this.strings.get("a11y-unread", { n: unread }) }),
        make("span", { class: "badge", ariaHidden: "true", textContent: count }),
      )
    }
    const name = this.strings.get("compat-delete-of", { name: title })
    const remove = make("button", { class: "row-delete", type: "button", ariaLabel: name, title: name }, icon("trash"))
    return make("li", { "data-key": key }, button, remove)
  }

  /** @param {MouseEvent} event */
  #pressed({ target }) {
    const row = target instanceof Element ? target.closest("li") : null
    const key = row?.dataset.key
    if (!key || !(target instanceof Element)) return
    if (target.closest(".row-delete")) this.#delete(key)
    else this.events.open(key)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const rows = [...this.#rows.children]
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const key = /** @type {HTMLElement | undefined} */ (rows[at])?.dataset.key
    const steps = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }
    if (event.key in steps) {
      const to = Math.min(rows.length - 1, Math.max(0, steps[/** @type {keyof typeof steps} */ (event.key)]))
      rows[to]?.querySelector("button")?.focus()
    } else if (event.key === "Delete" && key) {
      const next = rows[at + 1] ?? rows[at - 1]
      next?.querySelector("button")?.focus()
      this.#delete(key)
    } else return
    event.preventDefault()
  }

  /** @param {string} key */
  #delete(key) {
    this.#finish()
    this.#going = { key, timer: setTimeout(() => this.#finish(), UNDO_MS) }
    const [words] = this.#undo.children
    if (words instanceof HTMLElement) say(words, this.strings.get("list-deleted"))
    this.#undo.hidden = false
    this.events.changed()
  }

  #finish() {
    const going = this.#going
    if (!going) return
    clearTimeout(going.timer)
    this.#undo.hidden = true
    this.events.remove(going.key)
    this.#going = null
    this.events.changed()
  }

  #back() {
    if (!this.#going) return
    const { key, timer } = this.#going
    clearTimeout(timer)
    this.#going = null
    this.#undo.hidden = true
    this.events.changed()
    queueMicrotask(() => this.#rowOf(key)?.querySelector("button")?.focus())
  }
}

/** @param {Entry} entry */
function face({ person, symbol, square, dot }) {
  const element = make("span", { class: "avatar", "aria-hidden": "true" })
  dress(element, person, symbol, square)
  if (!dot) return element
  return make("span", { class: "row-face" }, element, make("i", { "data-here": dot }))
}

/**
 * @param {HTMLElement} element an avatar
 * @param {Person | null} person
 * @param {string} symbol
 * @param {boolean} square
 */
export function dress(element, person, symbol, square) {
  if (person) {
    element.querySelector("svg")?.remove()
    if (!person.picture) element.querySelector("img")?.remove()
    wear(element, person, "")
  } else if (element.dataset.symbol !== symbol) {
    delete element.dataset.letters
    delete element.dataset.colour
    element.replaceChildren(icon(symbol))
  }
  if (person) delete element.dataset.symbol
  else element.dataset.symbol = symbol
  element.toggleAttribute("data-corner", square)
}
