import { find, mark, slot, write } from "../lib/dom.js"
import { pathOf } from "../lib/where.js"
import { page, t } from "../page.js"

/** @import { Attention } from "../lib/attention.js" */
/** @import { Desk, View } from "../models/desk.js" */
/** @import { Line } from "../net/line.js" */
/** @import { ListPane } from "../panes/list.js" */
/** @import { Sidebar } from "../panes/sidebar.js" */

/**
 * @typedef {object} ViewsParts
 * @property {HTMLElement} root
 * @property {Desk} desk
 * @property {Line} line
 * @property {ListPane} list
 * @property {Sidebar} sidebar
 * @property {Attention} attention
 * @property {() => void} counted the counts may be others
 * @property {() => void} loaded more of the list is here
 */

/** The view that the list shows: which conversations, in which order, and the words around them. */
export class Views {
  /** @type {View} */
  view = page.data.view
  #fetching = false

  /** @param {ViewsParts} parts */
  constructor(parts) {
    this.parts = parts
  }

  /** @returns {boolean} whether the view goes on and on */
  get endless() {
    return this.view === "closed" || this.view === "all"
  }

  /** @returns {string[]} the conversations of the view */
  get ids() {
    return this.parts.desk.view(this.view).map(({ id }) => id)
  }

  /** @param {boolean} [asked] the person did something that changes the order */
  refresh(asked = false) {
    this.parts.list.want(this.ids, asked)
    this.showSummary()
  }

  showSummary() {
    const { root, desk } = this.parts
    const words = {
      waiting: () => t("list-nobody-has", { n: desk.counts.waiting }),
      mine: () => t("list-waiting", { n: desk.waitingForMe }),
      closed: () => t("list-closed"),
      all: () => t("list-all"),
    }
    write(slot(root, "summary"), words[this.view]())
  }

  showCounts() {
    const { root, desk, sidebar, counted } = this.parts
    const { waiting, mine } = desk.counts
    sidebar.count(desk.counts)
    const n = this.view === "waiting" ? waiting : this.view === "mine" ? mine : null
    for (const count of root.querySelectorAll("[data-slot=title-count]")) write(count, n === null ? "" : String(n))
    write(slot(root, "next-waiting-text"), t("next-waiting", { n: waiting }))
    this.showSummary()
    counted()
  }

  /** @param {View} view */
  enter(view) {
    const { root, list, sidebar, attention } = this.parts
    this.view = view
    sidebar.enter(view)
    const title = t(`view-${view}`)
    for (const place of root.querySelectorAll("[data-slot=title]")) write(place, title)
    attention.title(t("title", { view: title }))
    write(slot(root, "order"), t(this.endless ? "order-newest" : "order-longest"))
    write(slot(root, "list-empty-title"), t(`empty-${view}-list`))
    write(slot(root, "list-empty-fact"), t(`empty-${view}-fact`))
    mark(find(root, ".conversation-back"), "href", pathOf({ view, id: null }))
    list.showMore(false)
    list.reset(this.ids)
    this.showCounts()
    if (this.endless) this.load()
  }

  /** The newest page of a view that goes on and on. */
  async load() {
    const { line, list, loaded } = this.parts
    const { view } = this
    const more = await line.list(view)
    if (more === undefined || view !== this.view) return
    list.showMore(more)
    this.refresh(list.ids.length === 0)
    loaded()
  }

  /** The next page, when the end of the list is near. */
  async more() {
    const { desk, line, list } = this.parts
    const { view } = this
    const last = desk.view(view).at(-1)
    if (!this.endless || !list.hasMore || !last || this.#fetching) return
    this.#fetching = true
    const more = await line.list(view, last)
    this.#fetching = false
    if (more === undefined || view !== this.view) return
    list.showMore(more)
    this.refresh(true)
  }
}
