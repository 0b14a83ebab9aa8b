import { find } from "../lib/dom.js"
import { ApiError, post } from "../net/api.js"
import { page, t, times } from "../page.js"
import { waitText } from "../lib/wait.js"
import { busily, complain, inWords } from "./form.js"

/** E-mail and password. */
class Login extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector("form")
    if (!form) return
    greet(find(this, ".door-title"))
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      busily(form, () => this.#signIn(form))
    })
    form.addEventListener("input", () => {
      for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid")
    })
  }

  /** @param {HTMLFormElement} form */
  async #signIn(form) {
    const { email, password } = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)))
    for (const name of ["password", "email"]) complain(form, name, "", "login-error")
    if (!email?.trim()) return complain(form, "email", t("login-email-missing"), "login-error")
    if (!password) return complain(form, "password", t("login-password-missing"), "login-error")
    try {
      await post("login", { email, password })
      location.assign(page.data.next)
    } catch (error) {
      complain(form, "password", refusal(error), "login-error")
    }
  }
}

/** @param {unknown} error */
function refusal(error) {
  if (error instanceof ApiError && error.code === "wrong_login") return t("login-wrong")
  if (error instanceof ApiError && error.code === "rate_limited" && error.retryAfter) {
    return t("login-limited", { t: waitText(error.retryAfter * 1000) })
  }
  return inWords(error)
}

/**
 * The greeting goes by the reader's clock.
 * @param {HTMLElement} title
 */
function greet(title) {
  const { house } = title.dataset
  if (!house) return
  const hour = times.hour(Date.now())
  const part = hour >= 5 && hour < 12 ? "morning" : hour >= 12 && hour < 18 ? "afternoon" : "evening"
  title.textContent = t(`door-${part}`, { name: house })
}

customElements.define("parlor-login", Login)
