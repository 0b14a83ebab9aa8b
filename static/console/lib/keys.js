import { isWriting } from "./dom.js"
import { device } from "./keep.js"

const SWITCH = "parlor.keys"
const CHORD_MS = 1_500

/**
 * @typedef {object} Bindings
 * @property {Record<string, () => void>} single work while nobody writes, and can be switched off
 * @property {Record<string, () => void>} go after G
 * @property {Record<string, () => void>} alt work always, by the place of the key: an Alt key may write another letter
 * @property {() => void} leave Escape
 * @property {(back: boolean) => void} pane F6
 */

/** @returns {boolean} whether single letters do something */
export function singleKeys() {
  return device.get(SWITCH) !== "off"
}

/** @param {boolean} on */
export function setSingleKeys(on) {
  device.set(SWITCH, on ? null : "off")
}

/**
 * @param {Bindings} bindings
 * @param {AbortSignal} signal
 */
export function listen({ single, go, alt, leave, pane }, signal) {
  let went = 0
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented || event.isComposing) return
      if (document.querySelector("dialog[open]")) return
      const run = (/** @type {(() => void) | undefined} */ action) => {
        if (!action) return
        event.preventDefault()
        action()
      }
      if (event.key === "F6") return run(() => pane(event.shiftKey))
      if (event.key === "Escape") return leave()
      if (event.altKey && !event.ctrlKey && !event.metaKey) return run(alt[event.code])
      if (event.altKey || event.ctrlKey || event.metaKey || isWriting(event.target) || !singleKeys()) return
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
      const chord = Date.now() - went < CHORD_MS
      went = key === "g" && !chord ? Date.now() : 0
      run(chord ? go[key] : single[key])
    },
    { signal },
  )
}
