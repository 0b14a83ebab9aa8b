import css from "./panel.css"
import { EMOJI, found, nameOf } from "./table.js"

/** @import { Emoji } from "./table.js" */

const RECENT = 18
/** @type {Record<string, string>} what stands on each tab */
const SIGNS = { recent: "🕘", smileys: "🙂", people: "👋", nature: "🌲", things: "💡" }

/**
 * @typedef {object} Wishes
 * @property {HTMLElement} parent what it is placed above
 * @property {HTMLElement} button what opened it
 * @property {string} language
 * @property {(key: string) => string} say
 * @property {(sign: string) => void} insert puts a sign where the caret is
 * @property {() => void} done the textbox gets the focus
 * @property {Pick<Storage, "getItem" | "setItem"> | null} keep
 */

/** @type {Panel | null} */
let open = null

/** Opens the panel, or closes the one that is open. @param {Wishes} wishes */
export function toggleEmoji(wishes) {
  if (open) return open.close(true)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  if (!document.adoptedStyleSheets.some(({ cssRules }) => cssRules[0]?.cssText.startsWith(".emoji-panel")))
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  open = new Panel(wishes)
}

/** Searches, leafs through groups, inserts. Arrows move, Enter inserts and stays, Escape goes back to the text. */
class Panel {
  #listening = new AbortController()
  #group = "smileys"

  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.wishes = wishes
    const { say, parent, button } = wishes
    this.panel = made("div", "emoji-panel", { role: "dialog", ariaLabel: say("comp-emoji") })
    this.search = /** @type {HTMLInputElement} */ (made("input", "emoji-search", { type: "search" }))
    this.search.placeholder = this.search.ariaLabel = say("comp-emoji-search")
    this.tabs = made("div", "emoji-tabs", { role: "tablist", ariaLabel: say("emoji-groups") })
    this.title = made("p", "emoji-title", { id: "emoji-title" })
    this.grid = made("div", "emoji-grid", { role: "grid" })
    this.grid.setAttribute("aria-labelledby", "emoji-title")
    this.panel.append(this.search, this.tabs, this.title, this.grid)
    this.#listen()
    parent.append(this.panel)
    button.ariaExpanded = "true"
    if (this.#recent().length > 0) this.#group = "recent"
    this.#draw()
    this.search.focus()
  }

  #listen() {
    const { signal } = this.#listening
    this.search.addEventListener("input", () => this.#draw(), { signal })
    this.panel.addEventListener("keydown", (event) => this.#key(event), { signal })
    this.grid.addEventListener("click", ({ target }) => this.#take(target, false), { signal })
    document.addEventListener("pointerdown", ({ target }) => this.#pressed(target), { signal, capture: true })
  }

  /** @param {boolean} back whether the textbox gets the focus */
  close(back) {
    open = null
    this.#listening.abort()
    this.panel.remove()
    this.wishes.button.ariaExpanded = "false"
    if (back) this.wishes.done()
  }

  /** @param {EventTarget | null} target */
  #pressed(target) {
    const inside = target instanceof Node && (this.panel.contains(target) || this.wishes.button.contains(target))
    if (!inside) this.close(false)
  }

  // What is shown.

  #draw() {
    const { say } = this.wishes
    const query = this.search.value.trim()
    this.tabs.replaceChildren(...Object.keys(SIGNS).map((group) => this.#tab(group, !query)))
    const shown = query ? found(query) : this.#group === "recent" ? this.#recent() : (EMOJI[this.#group] ?? [])
    this.title.textContent = query ? say("comp-emoji-search") : say(`emoji-${this.#group}`)
    const columns = this.#columns()
    this.grid.style.setProperty("--columns", String(columns))
    const rows = Array.from({ length: Math.ceil(shown.length / columns) }, (_, at) =>
      this.#row(shown.slice(at * columns, (at + 1) * columns)),
    )
    const none = made("p", "emoji-none", { textContent: say(query ? "emoji-none" : "emoji-no-recent") })
    this.grid.replaceChildren(...(rows.length > 0 ? rows : [wrapped(none)]))
    this.grid.scrollTop = 0
    this.#cells[0]?.setAttribute("tabindex", "0")
  }

  /**
   * @param {string} group
   * @param {boolean} chosen
   */
  #tab(group, chosen) {
    const selected = chosen && group === this.#group
    const tab = made("button", "emoji-tab", { type: "button", role: "tab", textContent: SIGNS[group] ?? "" })
    tab.ariaLabel = this.wishes.say(`emoji-${group}`)
    tab.title = tab.ariaLabel
    tab.ariaSelected = String(selected)
    tab.tabIndex = selected || (!chosen && group === "recent") ? 0 : -1
    tab.addEventListener("click", () => {
      this.#group = group
      this.search.value = ""
      this.#draw()
      this.#tabAt(group)?.focus()
    })
    return tab
  }

  /** @param {string} group */
  #tabAt(group) {
    return /** @type {HTMLElement | undefined} */ (this.tabs.children[Object.keys(SIGNS).indexOf(group)])
  }

  /** @param {Emoji[]} row */
  #row(row) {
    const line = made("div", "emoji-row", { role: "row" })
    line.append(
      ...row.map((emoji) => {
        const cell = made("span", "emoji-cell", { role: "gridcell", textContent: emoji.sign, tabIndex: -1 })
        cell.ariaLabel = cell.title = nameOf(emoji, this.wishes.language)
        return cell
      }),
    )
    return line
  }

  #columns() {
    const width = this.wishes.parent.clientWidth
    return width <= 340 ? 6 : width <= 360 ? 8 : 9
  }

  get #cells() {
    return /** @type {HTMLElement[]} */ ([...this.grid.querySelectorAll(".emoji-cell")])
  }

  // What somebody does.

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return
    event.stopPropagation() // Escape closes this, not the chat
    const { target, key } = event
    if (key === "Escape") this.close(true)
    else if (target === this.search) this.#searchKey(event)
    else if (target instanceof Element && target.role === "tab") this.#tabKey(event)
    else this.#cellKey(event)
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    const first = this.#cells[0]
    if (event.key === "ArrowDown") this.#go(event, first)
    if (event.key === "Enter" && first) {
      event.preventDefault()
      this.#take(first, event.shiftKey)
    }
  }

  /** @param {KeyboardEvent} event */
  #tabKey(event) {
    const tabs = /** @type {HTMLElement[]} */ ([...this.tabs.children])
    const at = tabs.indexOf(/** @type {HTMLElement} */ (event.target))
    const rtl = getComputedStyle(this.tabs).direction === "rtl" ? -1 : 1
    const step = { ArrowRight: rtl, ArrowLeft: -rtl }[event.key]
    if (event.key === "ArrowDown") this.#go(event, this.#cells[0])
    if (!step) return
    event.preventDefault()
    tabs.at((at + step) % tabs.length)?.click()
  }

  /** @param {KeyboardEvent} event */
  #cellKey(event) {
    const cells = this.#cells
    const at = cells.indexOf(/** @type {HTMLElement} */ (event.target))
    const columns = this.#columns()
    const rtl = getComputedStyle(this.grid).direction === "rtl" ? -1 : 1
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      return this.#take(event.target, event.shiftKey)
    }
    const to = {
      ArrowRight: at + rtl,
      ArrowLeft: at - rtl,
      ArrowDown: at + columns,
      ArrowUp: at - columns,
      Home: at - (at % columns),
      End: Math.min(at - (at % columns) + columns - 1, cells.length - 1),
      PageDown: cells.length - 1,
      PageUp: 0,
    }[event.key]
    if (to === undefined) return
    if (event.key === "ArrowUp" && to < 0) this.#go(event, this.search)
    else this.#go(event, cells[to])
  }

  /**
   * @param {Event} event
   * @param {HTMLElement | undefined} element
   */
  #go(event, element) {
    event.preventDefault()
    if (!element) return
    for (const cell of this.#cells) cell.tabIndex = cell === element ? 0 : -1
    element.focus()
  }

  /**
   * @param {EventTarget | null} target
   * @param {boolean} last
   */
  #take(target, last) {
    const cell = target instanceof Element ? target.closest(".emoji-cell") : null
    const sign = cell?.textContent
    if (!sign) return
    this.wishes.insert(sign)
    this.#remember(sign)
    if (last) this.close(true)
  }

  #recent() {
    const all = Object.values(EMOJI).flat()
    const signs = (this.#kept() ?? "").split(" ")
    return signs.flatMap((sign) => all.find((emoji) => emoji.sign === sign) ?? [])
  }

  #kept() {
    try {
      return this.wishes.keep?.getItem("parlor.emoji")
    } catch {
      return null // a forbidden storage has nothing
    }
  }

  /** @param {string} sign */
  #remember(sign) {
    const others = this.#recent().flatMap((emoji) => (emoji.sign === sign ? [] : emoji.sign))
    try {
      this.wishes.keep?.setItem("parlor.emoji", [sign, ...others].slice(0, RECENT).join(" "))
    } catch {
      // A full or forbidden storage remembers nothing.
    }
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} name class
 * @param {Record<string, unknown>} properties
 */
function made(tag, name, properties) {
  const element = document.createElement(tag)
  return Object.assign(element, { className: name }, properties)
}

/** A grid holds rows of cells only. @param {HTMLElement} words */
function wrapped(words) {
  const [row, cell] = [made("div", "", { role: "row" }), made("div", "", { role: "gridcell" })]
  cell.append(words)
  row.append(cell)
  return row
}
