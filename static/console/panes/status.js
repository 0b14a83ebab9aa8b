import { chooseLanguage } from "../doors/languages.js"
import { find, mark, slot, write } from "../lib/dom.js"
import { device } from "../lib/keep.js"
import { setTheme, theme } from "../lib/look.js"
import { t, times } from "../page.js"
import { choose, Menu } from "./menu.js"

/** @typedef {"online" | "busy" | "away"} Status */

const MEMORY = "parlor.status"

/**
 * @typedef {object} StatusEvents
 * @property {(status: Status) => void} status
 * @property {() => void} sounds
 * @property {() => void} keys
 * @property {() => void} signOut
 */

/** Who I am and whether I take new visitors; the menu of what is mine. */
export class StatusBlock {
  #missed = 0
  #lost = false

  /**
   * @param {HTMLElement} block
   * @param {StatusEvents} events
   * @param {AbortSignal} signal
   */
  constructor(block, events, signal) {
    this.block = block
    this.events = events
    const menu = find(block, "[role=menu]")
    this.menu = new Menu(find(block, ".status-button"), menu, (item) => this.#chosen(item), signal)
    choose(menu, "[data-theme-choice]", (item) => item.dataset.themeChoice === theme())
    this.show()
  }

  /** @returns {Status} what the agent chose on this device */
  get status() {
    const kept = device.get(MEMORY)
    return kept === "busy" || kept === "away" ? kept : "online"
  }

  /** @param {Status} status */
  choose(status) {
    device.set(MEMORY, status === "online" ? null : status)
    this.show()
  }

  /** @param {boolean} lost whether there is no line to the server */
  line(lost) {
    this.#lost = lost
    this.show()
  }

  /** @param {boolean} muted */
  sounds(muted) {
    choose(this.menu.menu, "[data-action=sounds]", () => !muted)
    const use = this.menu.menu.querySelector("[data-action=sounds] use")
    if (use) mark(use, "href", muted ? "#i-sound-off" : "#i-sound")
  }

  /** @param {number} at a ring ran out */
  missed(at) {
    this.#missed++
    const line = slot(this.block, "missed")
    line.hidden = false
    write(line, t("missed", { n: this.#missed, t: times.clock(at) }))
  }

  /** Somebody was answered: the old story is over. */
  forgetMissed() {
    this.#missed = 0
    slot(this.block, "missed").hidden = true
  }

  show() {
    const { status } = this
    write(slot(this.block, "status"), t(this.#lost ? "status-reconnecting" : `status-${status}`))
    mark(find(this.block, ":scope > .avatar .presence"), "data-presence", this.#lost ? "lost" : status)
    choose(this.menu.menu, "[data-status]", (item) => item.dataset.status === status)
  }

  /** @param {HTMLElement} item */
  #chosen(item) {
    const { status, themeChoice, language, action } = item.dataset
    if (themeChoice) {
      setTheme(themeChoice)
      return choose(this.menu.menu, "[data-theme-choice]", (other) => other === item)
    }
    if (action === "sounds") return this.events.sounds()
    this.menu.close()
    if (status === "online" || status === "busy" || status === "away") this.events.status(status)
    if (language) chooseLanguage(language)
    if (action === "keys") this.events.keys()
    if (action === "sign-out") this.events.signOut()
  }
}
