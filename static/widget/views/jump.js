import { byId, say } from "../lib/dom.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Log } from "../elements/log.js" */

const FAR = 400

/** The chip above the composer when the reader is away from the newest message. */
export class Jump {
  #button = byId("jump")
  #label = /** @type {HTMLElement} */ (this.#button.querySelector("span"))
  #below = 0

  /**
   * @param {Log} log
   * @param {Strings} strings
   * @param {() => void} jumped
   */
  constructor(log, strings, jumped) {
    this.log = log
    this.strings = strings
    this.#button.addEventListener("click", () => {
      log.toBottom()
      jumped()
    })
  }

  /** Something came that is out of sight. */
  arrived() {
    if (!this.log.atBottom) this.#below++
  }

  update() {
    const { log, strings } = this
    if (log.atBottom) this.#below = 0
    const n = this.#below
    this.#button.hidden = n === 0 && log.away < FAR
    say(this.#label, n > 0 ? strings.get("log-new", { n }) : "")
    this.#button.ariaLabel = n > 0 ? strings.get("a11y-new", { n }) : strings.get("a11y-latest")
  }
}
