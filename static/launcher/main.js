import css from "./launcher.css"
import { cover } from "./cover.js"
import { glyph } from "./glyph.js"

/**
 * The pasted script: a button, and a frame after the first press. Before that: no request, no cookie, no storage.
 * The server wraps this file in a function whose argument is the site's configuration.
 *
 * @typedef {[open: string, unread: { one?: string, other: string }, close: string, title: string]} Words
 *
 * @typedef {object} Config
 * @property {string} origin of the chat server
 * @property {string} site
 * @property {string} language when none of the visitor's is spoken
 * @property {Record<string, Words>} words by language
 * @property {string[]} light brand, on-brand, hover, press, edge
 * @property {string[]} dark
 *
 * What the frame may say, over its port only.
 * @typedef {(
 *   | { t: "ready", nonce: string }
 *   | { t: "close" }
 *   | { t: "unread", n: number }
 *   | { t: "say", text: string }
 * )} FromFrame
 */

/** @type {Config} */
// @ts-expect-error
const config = PARLOR

const TAG = "parlor-chat"
const PHONE = "(max-width:480px),(max-height:480px)"
const SANDBOX = "allow-scripts allow-same-origin allow-forms allow-popups allow-downloads"

/** @param {string[]} tags */
const spoken = (tags) =>
  tags
    .map((tag) => tag.split("-")[0])
    .flatMap((tag) => Object.keys(config.words).find((key) => key.split("-")[0] === tag) ?? [])[0]
const language = spoken([...navigator.languages]) ?? config.language
const [openWord, unreadWords, closeWord, title] = /** @type {Words} */ (config.words[language] ?? config.words.en)
const plural = new Intl.PluralRules(language)

/** @param {string} address */
const withoutSecrets = (address) => (address ? address.replace(/[?#].*/s, "") : "")

class Chat extends HTMLElement {
  #listening = new AbortController()
  #button = document.createElement("button")
  #badge = document.createElement("i")
  #status = document.createElement("p")
  #panel = document.createElement("section")
  #at = document.createElement("div")
  /** @type {HTMLIFrameElement | undefined} */
  #frame
  /** @type {MessagePort | undefined} */
  #port
  /** @type {Record<string, Set<(detail?: unknown) => void>>} */
  #hearers = {}
  /** @type {(() => void) | undefined} */
  #unlock
  #open = false
  #unread = 0
  #gone = false
  #titleMark = ""

  constructor() {
    super()
    const root = this.attachShadow({ mode: "open" })
    root.adoptedStyleSheets = [sheet()]
    const rtl = getComputedStyle(document.documentElement).direction === "rtl"
    this.#at.className = rtl ? "at left rtl" : "at"
    this.#button.type = "button"
    this.#button.ariaHasPopup = "dialog"
    this.#button.setAttribute("aria-controls", "panel")
    this.#button.append(glyph(), this.#badge)
    this.#badge.ariaHidden = "true"
    this.#status.role = "status"
    this.#panel.role = "dialog"
    this.#panel.id = "panel"
    this.#panel.ariaLabel = title
    this.lang = language
    this.#at.append(this.#button)
    root.append(this.#status, this.#at, this.#panel)
    this.#name()
    const { signal } = this.#listening
    this.#button.addEventListener("click", () => this.toggle(true), { signal })
    root.addEventListener(
      "keydown",
      (event) => /** @type {KeyboardEvent} */ (event).key === "Escape" && this.close(true),
      { signal },
    )
    document.addEventListener("visibilitychange", () => this.#mark(), { signal })
    // The page may move without loading.
    const { navigation } = /** @type {{ navigation?: EventTarget }} */ (/** @type {unknown} */ (window))
    navigation?.addEventListener("navigatesuccess", () => this.#tellPage(), { signal })
  }

  connectedCallback() {
    try {
      this.popover = "manual"
      this.showPopover()
    } catch {
      // No top layer here: the z-index must do.
    }
  }

  /** A page that swaps its body must not lose the chat. */
  disconnectedCallback() {
    queueMicrotask(() => this.#gone || this.isConnected || document.body?.append(this))
  }

  /** @param {boolean} [byPerson] the visitor did it: the focus moves */
  toggle(byPerson) {
    if (this.#open) this.close(byPerson)
    else this.open(byPerson)
  }

  /** @param {boolean} [byPerson] only then does the focus move */
  open(byPerson) {
    if (this.#open) return
    this.#open = true
    this.#frame ??= this.#load()
    this.#name()
    if (matchMedia(PHONE).matches) this.#unlock = cover(this, this.#panel, () => this.close(true))
    if (byPerson) this.#frame.focus()
    this.#tellOpen(byPerson === true)
    this.#emit("open")
  }

  /** @param {boolean} [byPerson] */
  close(byPerson) {
    if (!this.#open) return
    this.#open = false
    this.#unlock?.()
    this.#unlock = undefined
    this.#name()
    this.#send({ t: "close" })
    if (byPerson) this.#button.focus()
    this.#emit("close")
  }

  destroy() {
    this.#gone = true
    this.close()
    this.#listening.abort()
    this.#port?.close()
    this.#unread = 0
    this.#mark()
    this.remove()
  }

  /** @param {string} name @param {(detail?: unknown) => void} hearer */
  on(name, hearer) {
    ;(this.#hearers[name] ??= new Set()).add(hearer)
  }

  /** @param {string} name @param {unknown} [detail] */
  #emit(name, detail) {
    for (const hearer of this.#hearers[name] ?? []) hearer(detail)
  }

  #name() {
    const form = /** @type {Record<string, string>} */ (unreadWords)[plural.select(this.#unread)] ?? unreadWords.other
    this.#button.ariaLabel = this.#open
      ? closeWord
      : this.#unread
        ? form.replace("{n}", String(this.#unread))
        : openWord
    this.#button.ariaExpanded = String(this.#open)
    this.#badge.textContent = this.#open || !this.#unread ? "" : this.#unread > 99 ? "99+" : String(this.#unread)
    this.#at.classList.toggle("open", this.#open)
  }

  /** "(2) Title" while the page is hidden. */
  #mark() {
    const own = document.title.startsWith(this.#titleMark)
      ? document.title.slice(this.#titleMark.length)
      : document.title
    this.#titleMark = document.hidden && this.#unread ? `(${this.#unread}) ` : ""
    if (this.#titleMark + own !== document.title) document.title = this.#titleMark + own
  }

  #load() {
    const frame = document.createElement("iframe")
    frame.title = title
    frame.setAttribute("sandbox", SANDBOX)
    frame.allow = ""
    frame.src = `${config.origin}/w/${config.site}`
    frame.addEventListener("load", () => this.#greet(frame), { signal: this.#listening.signal })
    this.#panel.append(frame)
    return frame
  }

  /** One hello to the frame's own origin, with a port; everything else goes through the port. @param {HTMLIFrameElement} frame */
  #greet(frame) {
    this.#port?.close()
    const { port1, port2 } = new MessageChannel()
    const nonce = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("")
    port1.onmessage = ({ data }) => this.#hear(data, nonce)
    this.#port = port1
    frame.contentWindow?.postMessage({ t: "parlor", v: 1, nonce }, config.origin, [port2])
  }

  /** @param {FromFrame} said @param {string} nonce */
  #hear(said, nonce) {
    if (!said || typeof said !== "object") return
    if (said.t === "ready" && said.nonce === nonce) {
      this.#tellPage()
      if (this.#open) this.#tellOpen(this.shadowRoot?.activeElement === this.#frame)
    } else if (said.t === "close") {
      this.close(true)
    } else if (said.t === "say" && typeof said.text === "string") {
      this.#status.textContent = said.text.slice(0, 300)
    } else if (said.t === "unread" && Number.isSafeInteger(said.n) && said.n >= 0) {
      this.#unread = said.n
      this.#name()
      this.#mark()
      this.#emit("unread", said.n)
    }
  }

  /** @param {boolean} focus */
  #tellOpen(focus) {
    this.#send({ t: "open", focus, full: this.#unlock !== undefined })
  }

  #tellPage() {
    this.#send({
      t: "page",
      page: withoutSecrets(location.href),
      title: document.title.slice(this.#titleMark.length, 200),
      referrer: withoutSecrets(document.referrer),
    })
  }

  /** @param {object} message */
  #send(message) {
    this.#port?.postMessage(message)
  }
}

/** Colours as the server derived them from a checked value. */
function sheet() {
  const names = ["b", "o", "h", "p", "e"]
  const host = (/** @type {string[]} */ colours) =>
    `:host{${colours.map((colour, at) => `--${names[at]}:${colour}`).join(";")}}`
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`${css}${host(config.light)}@media(prefers-color-scheme:dark){${host(config.dark)}}`)
  return sheet
}

/** @typedef {((...call: any[]) => unknown) & { q?: ArrayLike<unknown>[], v?: number }} Global */

const page = /** @type {{ Parlor?: Global }} */ (/** @type {unknown} */ (window))

function mount() {
  customElements.define(TAG, Chat)
  const chat = new Chat()
  document.body.append(chat)
  const calls = page.Parlor?.q ?? []
  /** @type {Global} */
  const call = (verb, ...rest) => {
    if (verb === "open" || verb === "close" || verb === "toggle") chat[/** @type {"open"} */ (verb)]()
    else if (verb === "on") chat.on(rest[0], rest[1])
    else if (verb === "destroy") {
      chat.destroy()
      delete page.Parlor
    }
  }
  call.v = 1
  page.Parlor = call
  for (const [verb, ...rest] of Array.from(calls, (args) => Array.from(args))) call(verb, ...rest)
}

if (!page.Parlor?.v && !customElements.get(TAG)) {
  page.Parlor ??= (...call) => {
    const queue = /** @type {Global} */ (page.Parlor)
    queue.q = [...Array.from(queue.q ?? []), call]
  }
  page.Parlor.v = 1 // loaded twice, started once
  if (document.body) mount()
  else addEventListener("DOMContentLoaded", mount, { once: true })
}
