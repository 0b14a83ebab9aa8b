import { find, slot, write } from "../lib/dom.js"
import { t } from "../page.js"

/** @import { Connection } from "../../shared/net/connection.js" */

/** A short loss is nobody's business. */
const QUIET_MS = 2_000
const STILL_MS = 5 * 60_000
const BACK_MS = 2_000

/** How the line to the server stands, over the log: nothing shifts. */
export class Pill {
  #shown = false
  #came = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #leave

  /**
   * @param {HTMLElement} pill
   * @param {Connection} connection
   * @param {() => number} waiting replies in the outbox
   * @param {AbortSignal} signal
   */
  constructor(pill, connection, waiting, signal) {
    this.pill = pill
    this.connection = connection
    this.waiting = waiting
    this.button = find(pill, ".pill-button")
    this.button.addEventListener("click", () => this.#pressed(), { signal })
  }

  /** @param {number} n messages that came in after a loss */
  came(n) {
    this.#came += n
  }

  /** Every second, and whenever the line changes. */
  tick() {
    const { state, downSince } = this.connection
    if (state === "live") return this.#back()
    if (state === "ended") return this.#ended()
    if (!downSince || Date.now() - downSince < QUIET_MS) return
    this.#show("", ...this.#words(downSince))
    write(this.button, t("try-now"))
    this.button.hidden = state !== "waiting"
  }

  /**
   * @param {number} downSince
   * @returns {[string, string]}
   */
  #words(downSince) {
    const { state, retryAt } = this.connection
    if (Date.now() - downSince > STILL_MS) return ["", t("lost-still")]
    const waits = this.waiting()
    const left = retryAt ? Math.max(1, Math.ceil((retryAt - Date.now()) / 1000)) : 0
    const next = state === "connecting" || !left ? t("lost-now") : t("lost-retry", { t: left })
    return [t("lost"), [waits > 0 ? t("lost-queue", { n: waits }) : "", next].filter(Boolean).join(" · ")]
  }

  #back() {
    if (!this.#shown) {
      this.#came = 0
      return
    }
    this.#shown = false
    this.#show("good", "", t("back", { n: this.#came }))
    this.#came = 0
    this.button.hidden = true
    this.#shown = false
    this.#leave = setTimeout(() => {
      this.pill.hidden = true
    }, BACK_MS)
  }

  #ended() {
    const { reason } = this.connection
    if (reason !== "elsewhere" && reason !== "broken") return
    this.#show("", "", t(reason === "elsewhere" ? "elsewhere" : "line-broken"))
    write(this.button, t(reason === "elsewhere" ? "use-here" : "reload"))
    this.button.hidden = false
  }

  /**
   * @param {"" | "good"} tone
   * @param {string} strong
   * @param {string} text
   */
  #show(tone, strong, text) {
    clearTimeout(this.#leave)
    this.#shown = true
    this.pill.hidden = false
    this.pill.dataset.tone = tone
    const status = slot(this.pill, "pill-status")
    if (status.textContent === strong + text) return
    const head = document.createElement("strong")
    head.textContent = strong
    status.replaceChildren(...(strong ? [head] : []), text)
  }

  #pressed() {
    if (this.connection.reason === "broken") location.reload()
    else this.connection.retry()
  }
}
