/** Small things that outlive the page. Where storage is refused, they live as long as the page. */
export class Shelf {
  #spare = new Map()

  /** @param {string} scope the site */
  constructor(scope) {
    this.scope = scope
  }

  /** @returns {Storage | null} */
  static get box() {
    try {
      return localStorage
    } catch {
      return null
    }
  }

  /**
   * @param {string} name
   * @returns {string} empty when there is nothing
   */
  get(name) {
    try {
      return localStorage.getItem(this.#key(name)) ?? ""
    } catch {
      return this.#spare.get(name) ?? ""
    }
  }

  /**
   * @param {string} name
   * @param {string} value empty removes it
   */
  set(name, value) {
    try {
      if (value) localStorage.setItem(this.#key(name), value)
      else localStorage.removeItem(this.#key(name))
    } catch {
      this.#spare.set(name, value)
    }
  }

  /** @param {string} name */
  #key(name) {
    return `parlor.${name}.${this.scope}`
  }
}
