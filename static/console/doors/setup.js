import { find, slot } from "../lib/dom.js"
import { ApiError, post } from "../net/api.js"
import { t } from "../page.js"
import { busily, complain, inWords } from "./form.js"

/** The first run: code, first agent, the line to paste. Nothing is saved before the second step is sent. */
class Setup extends HTMLElement {
  #code = ""

  connectedCallback() {
    const [code, you] = this.querySelectorAll("form")
    if (!code || !you) return
    code.addEventListener("submit", (event) => {
      event.preventDefault()
      busily(code, () => this.#check(code))
    })
    code.addEventListener("complete", () => code.requestSubmit())
    you.addEventListener("submit", (event) => {
      event.preventDefault()
      busily(you, () => this.#finish(you))
    })
    find(this, "[data-action=back]").addEventListener("click", () => this.#show("code"))
    find(this, "[data-action=copy]").addEventListener("click", () => this.#copy())
  }

  /** @param {HTMLFormElement} form */
  async #check(form) {
    const code = String(new FormData(form).get("code") ?? "")
    if (code.length < 8) return complain(form, "code", t("setup-short"))
    complain(form, "code", "")
    try {
      await post("setup/check", { code })
      this.#code = code
      this.#show("you")
    } catch (error) {
      complain(form, "code", isWrongCode(error) ? t("setup-wrong") : inWords(error))
    }
  }

  /** @param {HTMLFormElement} form */
  async #finish(form) {
    const {
      name = "",
      email = "",
      password = "",
    } = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)))
    for (const field of ["name", "email", "password"]) complain(form, field, "")
    if (!name.trim()) return complain(form, "name", t("setup-name-missing"))
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim())) return complain(form, "email", t("setup-email-wrong"))
    if ([...password].length < 12) return complain(form, "password", t("setup-password-weak"))
    try {
      this.#done(await post("setup", { code: this.#code, name, email, password }))
    } catch (error) {
      this.#refused(form, error)
    }
  }

  /**
   * @param {HTMLFormElement} form
   * @param {unknown} error
   */
  #refused(form, error) {
    if (error instanceof ApiError && error.code === "weak_password")
      return complain(form, "password", t("setup-password-weak"))
    if (!isWrongCode(error)) return complain(form, "password", inWords(error))
    this.#show("code")
    complain(/** @type {HTMLElement} */ (this), "code", t("setup-wrong"))
  }

  /** @param {{ name: string, line: string | null, demo: string | null }} done */
  #done({ name, line, demo }) {
    const step = find(this, "[data-step=site]")
    const title = find(step, ".door-title")
    title.textContent = t("setup-done-title", { name: name.trim().split(/\s+/u)[0] ?? name })
    const text = /** @type {HTMLTextAreaElement} */ (find(step, "textarea"))
    text.value = line ?? ""
    const link = slot(step, "demo")
    link.hidden = !demo
    if (demo) link.setAttribute("href", demo)
    this.#show("site")
    title.focus()
  }

  async #copy() {
    const text = /** @type {HTMLTextAreaElement} */ (find(this, "#line"))
    const words = find(this, "[data-action=copy] [role=status]")
    text.select()
    try {
      await navigator.clipboard.writeText(text.value)
      words.textContent = t("setup-copied")
      setTimeout(() => {
        words.textContent = t("setup-copy")
      }, 2_000)
    } catch {
      // It is selected: the person copies it.
    }
  }

  /** @param {"code" | "you" | "site"} step */
  #show(step) {
    for (const part of this.querySelectorAll("[data-step]"))
      part.toggleAttribute("hidden", part.getAttribute("data-step") !== step)
    for (const item of this.querySelectorAll(".steps [data-for]")) {
      if (item.getAttribute("data-for") === step) item.setAttribute("aria-current", "step")
      else item.removeAttribute("aria-current")
    }
    const field = this.querySelector(`[data-step=${step}] input`)
    if (field instanceof HTMLElement) field.focus()
  }
}

/** @param {unknown} error */
function isWrongCode(error) {
  return error instanceof ApiError && error.code === "wrong_code"
}

customElements.define("parlor-setup", Setup)
