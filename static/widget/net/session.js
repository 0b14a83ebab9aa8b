/** @import { Shelf } from "../lib/storage.js" */

/**
 * Who the visitor is to the server. Nobody until they do something; then a cookie that no script can read, or, where
 * browsers refuse it, a token in this frame's own storage.
 */
export class Session {
  /** @type {Promise<void> | null} */
  #asking = null

  /**
   * @param {string} site
   * @param {Shelf} shelf
   * @param {boolean} known the server recognised the visitor
   */
  constructor(site, shelf, known) {
    this.site = site
    this.shelf = shelf
    /** Whether there is a credential to connect with. */
    this.stands = known || this.token !== undefined
  }

  /** @returns {string | undefined} the token, where the cookie is refused */
  get token() {
    return this.shelf.get("token") || undefined
  }

  /** Becomes a visitor, once. @returns {Promise<void>} rejects when the server cannot be asked now */
  begin() {
    if (this.stands) return Promise.resolve()
    this.#asking ??= this.#ask({})
      .then(() => {})
      .finally(() => {
        this.#asking = null
      })
    return this.#asking
  }

  /** The cookie was not kept: ask for a token instead. */
  async keepToken() {
    const { token } = await this.#ask({ keep: "storage" })
    if (token) this.shelf.set("token", token)
  }

  /** What we have opens nothing any more. */
  forget() {
    this.shelf.set("token", "")
    this.stands = false
  }

  /**
   * @param {object} body
   * @returns {Promise<{ token?: string }>}
   */
  async #ask(body) {
    const response = await fetch(`/w/${this.site}/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`session ${response.status}`)
    const answer = await response.json()
    this.stands = true
    this.shelf.set("visitor", String(Date.now())) // other tabs hear of it
    return answer
  }
}
