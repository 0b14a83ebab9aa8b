import { byId, say } from "../lib/dom.js"

const SHOWN_MS = 8_000

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/** Says aloud and shows why a file is not sent. @param {string} why */
export function complain(why) {
  const place = byId("problem")
  place.textContent = why
  place.hidden = false
  clearTimeout(timer)
  timer = setTimeout(() => {
    place.hidden = true
  }, SHOWN_MS)
}

/** Says aloud, also what was said just before. @param {string} text */
export function announce(text) {
  const place = byId("alert")
  place.textContent = ""
  requestAnimationFrame(() => say(place, text))
}
