/** "(2) Title" while the page is hidden; the page's own changes of its title survive. */
export class TitleBadge {
  #shown = ""

  /** @param {Document} page */
  constructor(page = document) {
    this.page = page
  }

  /** @param {number} count 0 removes it */
  show(count) {
    const title = this.page.title
    const own = this.#shown && title.startsWith(this.#shown) ? title.slice(this.#shown.length) : title
    this.#shown = count > 0 ? `(${count > 99 ? "99+" : count}) ` : ""
    if (this.#shown + own !== title) this.page.title = this.#shown + own
  }
}
