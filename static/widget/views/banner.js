import { byId, icon, make } from "../lib/dom.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Connection } from "../../shared/net/connection.js" */

const PATIENCE_MS = 2_000
const UNREACHABLE_MS = 60_000
const BACK_MS = 2_000

/** @typedef {{ icon: string, text: string, tone: "warn" | "good" | "bad", button?: string, press?: () => void }} Shown */

/** Says how the line is, and only when that matters: one banner at a time. */
export class Banner {
  #element = byId("banner")
  #widget = /** @type {HTMLElement} */ (this.#element.closest(".widget"))
  #print = ""
  #wasDown = false
  #backUntil = 0
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clock

  /**
   * @param {Strings} strings
   * @param {Connection} connection
   * @param {{ needed: () => boolean, changed: () => void }} events `needed`: there is something to connect for
   */
  constructor(strings, connection, events) {
    this.strings = strings
    this.connection = connection
    this.events = events
    addEventListener("online", () => this.update())
    addEventListener("offline", () => this.update())
  }

  /** @returns {boolean} whether the line has been down for longer than a blink */
  get down() {
    const { downSince, state } = this.connection
    return state !== "live" && downSince !== null && Date.now() - downSince > PATIENCE_MS
  }

  update() {
    const shown = this.#state()
    const print = JSON.stringify(shown)
    if (print !== this.#print) this.#show(shown)
    this.#print = print
    const waits = this.events.needed() && (this.connection.state !== "live" || shown !== null)
    if (waits) this.#clock ??= setInterval(() => this.#tick(), 500)
    else {
      clearInterval(this.#clock)
      this.#clock = undefined
    }
  }

  #tick() {
    const before = this.#print
    this.update()
    if (this.#print !== before) this.events.changed()
  }

  /** @returns {Shown | null} */
  #state() {
    const { connection, strings } = this
    const { state, reason, downSince, retryAt } = connection
    if (!this.events.needed()) return null
    if (state === "ended") return this.#ended(reason)
    if (state === "live") return this.#back()
    if (!navigator.onLine) {
      this.#wasDown = true
      return { icon: "offline", text: strings.get("net-offline"), tone: "warn" }
    }
    if (!this.down) return null
    this.#wasDown = true
    const unreachable = Date.now() - (downSince ?? 0) > UNREACHABLE_MS
    const seconds = retryAt ? Math.max(1, Math.ceil((retryAt - Date.now()) / 1000)) : 0
    const text = unreachable
      ? strings.get("net-unreachable")
      : seconds
        ? strings.get("net-reconnecting", { n: seconds })
        : strings.get("status-connecting")
    return { icon: "retry", text, tone: "warn", button: strings.get("net-try"), press: () => connection.retry() }
  }

  /** @param {string | undefined} reason */
  #ended(reason) {
    const { strings } = this
    if (reason === "elsewhere" || reason === "stopped") return null
    if (reason === "expired") {
      const press = () => location.reload()
      return {
        icon: "alert",
        text: strings.get("net-expired"),
        tone: /** @type {const} */ ("warn"),
        button: strings.get("net-reload"),
        press,
      }
    }
    const press = () => this.connection.retry()
    return {
      icon: "alert",
      text: strings.get("net-unreachable"),
      tone: /** @type {const} */ ("warn"),
      button: strings.get("net-try"),
      press,
    }
  }

  /** @returns {Shown | null} */
  #back() {
    if (this.#wasDown) {
      this.#wasDown = false
      this.#backUntil = Date.now() + BACK_MS
    }
    return Date.now() < this.#backUntil ? { icon: "check", text: this.strings.get("net-back"), tone: "good" } : null
  }

  /** @param {Shown | null} shown */
  #show(shown) {
    this.#element.hidden = shown === null
    this.#widget.toggleAttribute("data-banner", shown !== null)
    if (!shown) return this.#element.replaceChildren()
    this.#element.dataset.tone = shown.tone
    const text = this.#element.querySelector("span")
    const button = this.#element.querySelector("button")
    // The count of seconds changes in place, so that it is not read aloud every second.
    if (text && button?.textContent === shown.button && this.#element.dataset.icon === shown.icon) {
      text.textContent = shown.text
      return
    }
    this.#element.dataset.icon = shown.icon
    this.#element.replaceChildren(icon(shown.icon), make("span", { textContent: shown.text }))
    if (shown.button)
      this.#element.append(make("button", { type: "button", textContent: shown.button, onclick: shown.press }))
  }
}
