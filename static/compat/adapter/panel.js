import css from "./adapter.css"
import { cover } from "../../launcher/cover.js"
import { glyph } from "../../launcher/glyph.js"

const TAG = "parlor-compat"
const PHONE = "(max-width:480px),(max-height:480px)"
const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads"
/** Bottle, until the frame says what colours the site has. */
const COLOURS = ["#225743", "#fff", "#174d3a", "#0a4431", "transparent"]

/**
 * @typedef {object} Layout where it stands and how large it is
 * @property {Record<string, string>} offsets CSS lengths by side: top, right, bottom, left
 * @property {boolean} absolute moves with the page
 * @property {number} width of the conversation, in CSS pixels
 * @property {number} height
 * @property {boolean} button whether there is a button while it is closed
 *
 * @typedef {object} PanelEvents
 * @property {(said: Record<string, any>) => void} said by the frame, over its port
 * @property {() => void} pressed the button
 * @property {() => void} hidden the person minimised it
 *
 * @typedef {{ origin: string, path: string, label: string, unread: (n: number) => string }} Source
 */

/** The button and the frame on a page that was written for the original widget. */
export class Panel extends HTMLElement {
  #at = document.createElement("div")
  #button = document.createElement("button")
  #label = document.createElement("span")
  #badge = document.createElement("i")
  #status = document.createElement("p")
  #section = document.createElement("section")
  #frame = document.createElement("iframe")
  #sheet = new CSSStyleSheet()
  #open = false
  /** What is said before the frame listens. @type {Record<string, any>[] | null} */
  #early = []
  /** @type {MessagePort | undefined} */
  #port
  /** @type {(() => void) | undefined} */
  #unlock

  /**
   * @param {Source} source
   * @param {Layout} layout
   * @param {PanelEvents} events
   */
  constructor(source, layout, events) {
    super()
    this.source = source
    this.layout = layout
    this.events = events
    const root = this.attachShadow({ mode: "open" })
    const own = new CSSStyleSheet()
    own.replaceSync(css)
    root.adoptedStyleSheets = [own, this.#sheet]
    this.look(COLOURS, COLOURS)
    this.toggleAttribute("data-absolute", layout.absolute)
    this.#at.className = "left" in layout.offsets ? "at left" : "at"
    this.#button.type = "button"
    this.#button.hidden = !layout.button
    this.#button.ariaHasPopup = "dialog"
    this.#button.append(glyph(), this.#label, this.#badge)
    this.#button.addEventListener("click", () => events.pressed())
    this.#badge.ariaHidden = "true"
    this.#status.role = "status"
    this.#section.role = "dialog"
    this.#section.ariaLabel = source.label
    this.#section.append(this.#frame)
    this.#at.append(this.#button, this.#section)
    root.append(this.#status, this.#at)
    root.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key === "Escape" && this.#open) events.hidden()
    })
    this.size(layout.width)
    this.unread = 0
    this.#load()
  }

  /** @returns {boolean} */
  get isOpen() {
    return this.#open
  }

  /** @param {number} n */
  set unread(n) {
    this.#label.textContent = this.source.label
    // Drawn, not said: the name says it in words.
    this.#badge.dataset.n = n ? (n > 99 ? "99+" : String(n)) : ""
    this.#button.ariaLabel = n ? `${this.source.label}, ${this.source.unread(n)}` : this.source.label
    this.#button.ariaExpanded = String(this.#open)
  }

  /** @param {boolean} hidden another panel of the page has the place now */
  set aside(hidden) {
    this.#button.hidden = hidden || !this.layout.button
  }

  /**
   * Colours as the server derived them from a checked value.
   * @param {string[]} light
   * @param {string[]} dark
   */
  look(light, dark) {
    const names = ["b", "o", "h", "p", "e"]
    const colour = /^(#[0-9a-f]{3,8}|rgba?\([\d., %/]+\)|transparent)$/i
    const host = (/** @type {string[]} */ colours) => {
      const sound = colours.filter((one) => colour.test(one))
      return `:host{${sound.map((one, at) => `--${names[at]}:${one}`).join(";")};${this.#place()}}`
    }
    this.#sheet.replaceSync(`${host(light)}@media(prefers-color-scheme:dark){${host(dark)}}`)
  }

  /** @param {number} width of the whole panel, in CSS pixels */
  size(width) {
    this.#section.style.setProperty("--wide", `${width}px`)
    this.#section.style.setProperty("--high", `${this.layout.height}px`)
  }

  /** @param {boolean} byPerson only then does the focus move */
  open(byPerson) {
    if (!this.#open) {
      this.#open = true
      this.#at.classList.add("open")
      this.#button.ariaExpanded = "true"
      if (matchMedia(PHONE).matches) this.#unlock = cover(this, this.#section, () => this.events.hidden())
    }
    if (byPerson) this.#frame.focus()
    this.tell({ t: "open", focus: byPerson, full: this.#unlock !== undefined })
  }

  close() {
    if (!this.#open) return
    const focused = document.activeElement === this
    this.#open = false
    this.#at.classList.remove("open")
    this.#button.ariaExpanded = "false"
    this.#unlock?.()
    this.#unlock = undefined
    this.tell({ t: "close" })
    // Only a focus that was in here would be lost.
    if (focused && !this.#button.hidden) this.#button.focus()
  }

  /** @param {string} text to be read aloud */
  say(text) {
    this.#status.textContent = text.slice(0, 300)
  }

  /** @param {Record<string, any>} message */
  tell(message) {
    if (this.#early) this.#early.push(message)
    else this.#port?.postMessage(message)
  }

  destroy() {
    this.close()
    this.#port?.close()
    this.remove()
  }

  #place() {
    return ["top", "right", "bottom", "left"]
      .map((side) => `${side}:${this.layout.offsets[side] ?? "auto"}!important`)
      .join(";")
  }

  #load() {
    const { origin, path, label } = this.source
    this.#frame.title = label
    this.#frame.setAttribute("sandbox", SANDBOX)
    this.#frame.allow = ""
    this.#frame.src = origin + path
    this.#frame.addEventListener("load", () => this.#greet())
  }

  /** One hello to the frame's own origin, with a port; everything else goes through the port. */
  #greet() {
    this.#port?.close()
    const { port1, port2 } = new MessageChannel()
    const nonce = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("")
    port1.onmessage = ({ data }) => this.#hear(data, nonce)
    this.#port = port1
    this.#frame.contentWindow?.postMessage({ t: "parlor", v: 1, nonce }, this.source.origin, [port2])
  }

  /**
   * @param {Record<string, any>} said
   * @param {string} nonce
   */
  #hear(said, nonce) {
    if (!said || typeof said !== "object") return
    if (said.t === "ready" && said.nonce === nonce) {
      const early = this.#early ?? []
      this.#early = null
      this.events.said(said)
      for (const message of early) this.tell(message)
    } else if (said.t === "close") {
      this.events.hidden()
    } else if (said.t === "say" && typeof said.text === "string") {
      this.say(said.text)
    } else {
      this.events.said(said)
    }
  }
}

/**
 * @param {Source} source
 * @param {Layout} layout
 * @param {PanelEvents} events
 */
export function place(source, layout, events) {
  if (!customElements.get(TAG)) customElements.define(TAG, Panel)
  const panel = new Panel(source, layout, events)
  if (document.body) document.body.append(panel)
  else addEventListener("DOMContentLoaded", () => document.body.append(panel), { once: true })
  return panel
}
