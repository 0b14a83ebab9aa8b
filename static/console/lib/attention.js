import { Leader } from "../../shared/lib/leader.js"
import { Sounds } from "../../shared/lib/sound.js"
import { TitleBadge } from "../../shared/lib/title.js"
import { device } from "./keep.js"

const MUTED = "parlor.muted"

/** What calls an agent who looks elsewhere: sounds, of all tabs from one, and the badge in the title. */
export class Attention {
  #sounds = new Sounds()
  #leader = new Leader("console")
  #badge = new TitleBadge()

  constructor() {
    this.#sounds.muted = device.get(MUTED) === "1"
  }

  get isMuted() {
    return this.#sounds.muted
  }

  /** @returns {boolean} whether it is quiet now */
  toggleSounds() {
    const muted = !this.#sounds.muted
    this.#sounds.muted = muted
    device.set(MUTED, muted ? "1" : null)
    return muted
  }

  /**
   * @param {"knock" | "door"} sound
   * @param {number} [times]
   */
  play(sound, times) {
    if (this.#leader.leads) this.#sounds.play(sound, times)
  }

  /**
   * Only who looks elsewhere needs the figure.
   * @param {number} count
   */
  badge(count) {
    this.#badge.show(document.visibilityState === "hidden" ? count : 0)
  }

  /** @param {string} title */
  title(title) {
    this.#badge.show(0)
    document.title = title
  }

  close() {
    this.#leader.close()
  }
}
