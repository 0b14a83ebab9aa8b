import { linkify } from "../../shared/lib/linkify.js"
import { drawMedia } from "../../shared/views/media.js"
import { avatar, make, say, wear } from "../lib/dom.js"

/** @import { MediaContext } from "../../shared/views/media.js" */
/** @import { MessageRow, Row } from "../models/rows.js" */

const AT_BOTTOM = 80
const NEAR_TOP = 400
const QUIET_MS = 200

/**
 * @typedef {object} LogEvents
 * @property {() => void} earlier the reader comes near the oldest message
 * @property {(key: string) => void} retry
 * @property {(key: string) => void} discard
 * @property {() => void} leave asks for the leave-a-message form
 * @property {() => void} moved the reader scrolled
 * @property {() => void} write the reader wants the textbox
 */

/**
 * The conversation. Keeps an element per row by key, so that a message goes from pending to read in place; keeps the
 * reader's place when older messages come above, and the bottom when they are there.
 */
export class Log extends HTMLElement {
  /** @type {Map<string, { element: HTMLElement, row: Row | null, print: string }>} */
  #shown = new Map()
  /** @type {LogEvents | undefined} */
  events
  /** How pictures, files and sound are shown. @type {MediaContext | undefined} */
  media
  siteName = ""
  words = { retry: "", discard: "", discardName: "" }
  #lines = /** @type {HTMLElement} */ (this.querySelector(".log-lines"))
  #earlier = /** @type {HTMLElement} */ (this.querySelector(".log-earlier"))
  #blank = /** @type {HTMLTemplateElement} */ (document.getElementById("message"))
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #quiet
  #stuck = true
  #listening = new AbortController()

  connectedCallback() {
    const { signal } = this.#listening
    for (const element of this.#lines.querySelectorAll("[data-key]")) {
      const found = /** @type {HTMLElement} */ (element)
      this.#shown.set(found.dataset.key ?? "", { element: found, row: null, print: "" })
    }
    this.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true })
    this.addEventListener("keydown", (event) => this.#key(event), { signal })
    this.#earlier.addEventListener("click", () => this.events?.earlier(), { signal })
    // The composer grew, the keyboard came, a banner went: who was at the bottom stays there.
    const sizes = new ResizeObserver(() => this.#stuck && this.toBottom())
    sizes.observe(this)
    sizes.observe(this.#lines)
    signal.addEventListener("abort", () => sizes.disconnect())
    this.toBottom()
  }

  disconnectedCallback() {
    this.#listening.abort()
  }

  /** @returns {boolean} whether the newest message is in sight */
  get atBottom() {
    return this.away < AT_BOTTOM
  }

  /** @returns {number} pixels between what is in sight and the bottom */
  get away() {
    return this.scrollHeight - this.scrollTop - this.clientHeight
  }

  /** @returns {number} the newest place that is in sight */
  get seen() {
    const edge = this.getBoundingClientRect().bottom
    let seen = 0
    for (const { element, row } of this.#shown.values()) {
      if (row?.kind === "message" && row.seq > seen && element.getBoundingClientRect().top < edge - 8) seen = row.seq
    }
    return seen
  }

  toBottom() {
    this.scrollTop = this.scrollHeight
    this.#stuck = true
  }

  /** Puts the first unseen message in sight. */
  toUnread() {
    const line = this.#shown.get("unread")?.element
    if (!line) return this.toBottom()
    line.scrollIntoView({ block: "start" })
    this.#stuck = this.atBottom
  }

  /**
   * @param {Row[]} rows
   * @param {boolean} more older ones can be fetched
   */
  show(rows, more) {
    const stuck = this.#stuck
    const anchor = stuck ? null : this.#anchor()
    const fresh = rows.filter(({ key }) => !this.#shown.has(key))
    const first = this.#shown.size === 0
    this.#announce(first, rows, fresh)
    this.#earlier.hidden = !more
    const keys = new Set(rows.map(({ key }) => key))
    for (const [key, { element }] of this.#shown) {
      if (keys.has(key)) continue
      element.remove()
      this.#shown.delete(key)
    }
    /** @type {Element} */
    let before = this.#earlier
    for (const row of rows) {
      const element = this.#element(row, !first && row === rows.at(-1))
      if (before.nextElementSibling !== element) before.after(element)
      before = element
    }
    if (stuck) this.toBottom()
    else if (anchor) this.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top
  }

  /**
   * Aloud is said what others say now: not one's own words, and not history.
   * @param {boolean} first
   * @param {Row[]} rows
   * @param {Row[]} fresh
   */
  #announce(first, rows, fresh) {
    const last = rows.at(-1)
    const news = !first && fresh.length > 0 && last !== undefined && fresh.includes(last)
    const own = fresh.every((row) => row.kind === "message" && row.own)
    if (news && !own) return
    clearTimeout(this.#quiet)
    this.ariaLive = "off"
    this.#quiet = setTimeout(() => {
      this.ariaLive = "polite"
    }, QUIET_MS)
  }

  #anchor() {
    const top = this.getBoundingClientRect().top
    for (const { element } of this.#shown.values()) {
      const box = element.getBoundingClientRect()
      if (box.bottom > top) return { element, top: box.top }
    }
    return null
  }

  /**
   * @param {Row} row
   * @param {boolean} arrives
   * @returns {HTMLElement}
   */
  #element(row, arrives) {
    // The small picture inside a message never changes; it is too long to be compared each time.
    const print = JSON.stringify(row, (key, value) => (key === "thumb" || key === "inline" ? value.length : value))
    const known = this.#shown.get(row.key)
    if (known?.print === print) return known.element
    const element = known && (!known.row || known.row.kind === row.kind) ? known.element : this.#create(row)
    if (known && known.element !== element) known.element.remove()
    this.#fill(element, row)
    if (!known && arrives && row.kind === "message") element.toggleAttribute("data-new", true)
    this.#shown.set(row.key, { element, row, print })
    return element
  }

  /** @param {Row} row */
  #create(row) {
    switch (row.kind) {
      case "message":
        return blankMessage(this.#blank, row.own)
      case "typing":
        return typing(row.person, this.siteName)
      case "unread":
        return make("p", { class: "unread-line" })
      case "queue":
        return make("section", { class: "queue", "aria-live": "polite" })
      default:
        return make("p", { class: row.kind })
    }
  }

  /**
   * @param {HTMLElement} element
   * @param {Row} row
   */
  #fill(element, row) {
    element.dataset.key = row.key
    if (row.kind === "message") this.#fillMessage(element, row)
    else if (row.kind === "queue") this.#fillQueue(element, row)
    else if (row.kind === "typing") say(/** @type {HTMLElement} */ (element.querySelector(".bubble span")), row.text)
    else say(element, row.text)
  }

  /**
   * @param {HTMLElement} element
   * @param {MessageRow} row
   */
  #fillMessage(element, row) {
    element.ariaLabel = row.label
    element.toggleAttribute("data-first", row.first)
    element.toggleAttribute("data-last", row.last)
    element.toggleAttribute("data-emoji", row.emoji)
    if (row.state) element.dataset.state = row.state
    else delete element.dataset.state
    const part = (/** @type {string} */ name) => /** @type {HTMLElement | null} */ (element.querySelector(name))
    const face = part(".avatar")
    if (face) wear(face, row.from, this.siteName)
    say(/** @type {HTMLElement} */ (part(".message-name")), row.name)
    const bubble = /** @type {HTMLElement} */ (part(".bubble"))
    if (row.media && this.media) drawMedia(bubble, row.media, this.media)
    else if (bubble.textContent !== row.text || !bubble.dataset.done) bubble.replaceChildren(linkify(row.text))
    bubble.dataset.done = "1"
    this.#fillMeta(/** @type {HTMLElement} */ (part(".meta")), row)
  }

  /**
   * @param {HTMLElement} meta
   * @param {MessageRow} row
   */
  #fillMeta(meta, row) {
    const time = /** @type {HTMLTimeElement} */ (meta.querySelector("time"))
    const mark = /** @type {SVGElement} */ (meta.querySelector("svg"))
    time.dateTime = new Date(row.at).toISOString()
    say(time, row.meta)
    const name = {
      sending: "clock",
      waiting: "clock",
      sent: "check",
      delivered: "check",
      read: "check-double",
      failed: "alert",
    }
    mark.toggleAttribute("hidden", row.state === "")
    if (row.state) mark.firstElementChild?.setAttribute("href", `#i-${name[row.state]}`)
    const buttons = meta.querySelectorAll("button")
    if (row.state !== "failed") for (const button of buttons) button.remove()
    else if (buttons.length === 0) {
      const { retry, discard, discardName } = this.words
      const again = make("button", { type: "button", textContent: retry, onclick: () => this.events?.retry(row.key) })
      meta.append(
        ...(row.final ? [] : [again]),
        make("button", {
          type: "button",
          textContent: discard,
          ariaLabel: discardName,
          onclick: () => this.events?.discard(row.key),
        }),
      )
    }
  }

  /**
   * @param {HTMLElement} element
   * @param {Extract<Row, { kind: "queue" }>} row
   */
  #fillQueue(element, row) {
    const head = make("div", { class: "queue-head" }, make("h2", { class: "voice-title", textContent: row.title }))
    if (row.wait) head.append(make("p", { class: "queue-wait", textContent: row.wait }))
    element.replaceChildren(head)
    if (row.ahead >= 0) element.append(seats(row.ahead, row.agents, this.siteName))
    element.append(make("p", { class: "queue-text", textContent: row.text }))
    if (row.leave) {
      const leave = make("button", { class: "text-button", type: "button", textContent: row.leave })
      leave.addEventListener("click", () => this.events?.leave())
      element.append(leave)
    }
  }

  #scrolled() {
    this.#stuck = this.atBottom
    if (this.scrollTop < NEAR_TOP && !this.#earlier.hidden && this.checkVisibility()) this.events?.earlier()
    this.events?.moved()
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isControl(event.target)) return
    const { key } = event
    const messages = /** @type {HTMLElement[]} */ ([...this.#lines.querySelectorAll(".message")])
    const at = messages.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const steps = {
      ArrowUp: at < 0 ? messages.length - 1 : at - 1,
      ArrowDown: at + 1,
      Home: 0,
      End: messages.length - 1,
    }
    if (key in steps) {
      messages[Math.max(0, steps[/** @type {keyof typeof steps} */ (key)])]?.focus()
      event.preventDefault()
    } else if (key === "Escape" || key.length === 1) {
      // What is typed here is meant for the textbox; the key itself follows the focus.
      if (key === "Escape") event.stopPropagation()
      if (key !== " ") this.events?.write()
    }
  }
}

customElements.define("parlor-log", Log)

/** @param {EventTarget | null} target */
function isControl(target) {
  return target instanceof Element && target.closest("button, a, input") !== null
}

/**
 * @param {HTMLTemplateElement} template
 * @param {boolean} own
 */
function blankMessage(template, own) {
  const element = /** @type {HTMLElement} */ (
    /** @type {Element} */ (template.content.firstElementChild).cloneNode(true)
  )
  if (own) {
    element.toggleAttribute("data-own", true)
    element.querySelector(".avatar")?.remove()
  }
  return element
}

/**
 * @param {import("../../shared/net/protocol.js").Person} person
 * @param {string} siteName
 */
function typing(person, siteName) {
  const dots = make("div", { class: "bubble" }, make("i"), make("i"), make("i"), make("span"))
  const row = make("div", { class: "message typing", "aria-hidden": "true" }, avatar(person, siteName), dots)
  row.toggleAttribute("data-first", true)
  row.toggleAttribute("data-last", true)
  return row
}

/**
 * Those ahead, oneself, the way, and who is at its end.
 * @param {number} ahead
 * @param {import("../../shared/net/protocol.js").Person[]} agents
 * @param {string} siteName
 */
function seats(ahead, agents, siteName) {
  const most = 5
  const row = make("div", { class: "seats", "aria-hidden": "true" })
  if (ahead > most) row.append(`+${ahead - most}`)
  for (let seat = 0; seat <= Math.min(ahead, most); seat++) row.append(make("i"))
  row.append(make("hr"), ...agents.map((agent) => avatar(agent, siteName)))
  return row
}
