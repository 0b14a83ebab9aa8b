import { find } from "../lib/dom.js"
import { ApiError } from "../net/api.js"
import { t } from "../page.js"

/**
 * Says what is wrong at the field, and goes there.
 * @param {ParentNode} form
 * @param {string} name of the field
 * @param {string} message empty takes it away
 * @param {string} [place] id of the text
 */
export function complain(form, name, message, place = `${name}-error`) {
  const input = find(form, `[name="${name}"]`)
  const error = find(form, `#${place}`)
  error.textContent = message
  error.hidden = !message
  if (message) input.setAttribute("aria-invalid", "true")
  else input.removeAttribute("aria-invalid")
  if (message) input.focus()
}

/**
 * @param {unknown} error
 * @returns {string} what to tell the person
 */
export function inWords(error) {
  if (!(error instanceof ApiError)) throw error
  if (error.code === "unreachable") return t("unreachable")
  return error.code === "internal" || error.code === "unavailable" ? t("trouble") : error.message || t("trouble")
}

/**
 * While it runs the button says so and a second press does nothing.
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} work
 */
export async function busily(form, work) {
  const button = find(form, "button[type=submit]")
  if (button.getAttribute("aria-busy") === "true") return
  button.setAttribute("aria-busy", "true")
  try {
    await work()
  } finally {
    button.removeAttribute("aria-busy")
  }
}
