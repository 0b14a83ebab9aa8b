import { find, mayMove, slot, write } from "../lib/dom.js"
import { HeldOrder } from "../models/order.js"
import { t } from "../page.js"
import { Row } from "./row.js"

/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { RowState } from "./row.js" */

/** Nobody points inside for this long: then the order may change. */
const CALM_MS = 1_000

/**
 * @typedef {object} ListEvents
 * @property {(id: string) => RowState} state
 * @property {(id: string) => Conversation | undefined} conversation
 * @property {() => void} more the end is near
 */

/** The list of conversations: rows in a held order, one tab stop, arrows inside. */
export class ListPane {
  #order = new HeldOrder()
  /** @type {Map<string, Row>} */
  #rows = new Map()
  /** Those on the screen: only their clocks tick. @type {Set<Element>} */
  #seen = new Set()
  #touchedAt = 0
  #inside = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #calm

  /**
   * @param {HTMLElement} pane
   * @param {ListEvents} events
   * @param {AbortSignal} signal
   */
  constructor(pane, events, signal) {
    this.pane = pane
    this.events = events
    this.list = find(pane, ".rows")
    this.scroller = slot(pane, "list-scroll")
    this.pill = find(pane, ".new-pill")
    for (const item of this.list.children) {
      if (item instanceof HTMLElement && item.dataset.id) this.#rows.set(item.dataset.id, new Row(item))
    }
    this.#order.reset([...this.#rows.keys()])
    this.watcher = new IntersectionObserver((entries) => this.#watch(entries), { root: this.scroller })
    for (const row of this.#rows.values()) this.watcher.observe(row.item)
    signal.addEventListener("abort", () => this.watcher.disconnect())
    this.#listen(signal)
  }

  /** @returns {readonly string[]} */
  get ids() {
    return this.#order.shown
  }

  /** @returns {number} how many wait behind the pill */
  get held() {
    return this.#order.waiting
  }

  /**
   * Another list.
   * @param {string[]} ids
   */
  reset(ids) {
    this.#order.reset(ids)
    this.scroller.scrollTop = 0
    this.#arrange(false)
    this.refresh()
  }

  /**
   * @param {string[]} ids the order it should have
   * @param {boolean} [now] because the person asked for it
   */
  want(ids, now = false) {
    if (this.#order.want(ids, now || this.#isCalm())) this.#arrange(true)
    else if (this.held > 0) this.#waitForCalm()
    this.refresh()
  }

  /** @param {string | null} id the open conversation: it stays although it leaves the view */
  keep(id) {
    this.#order.keep(id)
  }

  /** Takes what waits behind the pill. */
  showNew() {
    if (this.#order.settle()) this.#arrange(true)
    this.refresh()
    this.scroller.scrollTo({ top: 0, behavior: mayMove() ? "smooth" : "auto" })
  }

  /** Prints every row anew where it differs. */
  refresh() {
    for (const id of this.#order.shown) this.touch(id)
    this.#pill()
    slot(this.pane, "list-empty").hidden = this.#order.shown.length > 0
  }

  /** @param {string} id */
  touch(id) {
    const row = this.#rows.get(id)
    const conversation = this.events.conversation(id)
    if (!row || !conversation) return
    const state = this.events.state(id)
    row.show(conversation, this.#order.isGone(id) ? state : { ...state, gone: "" })
    row.link.tabIndex = id === this.#stop ? 0 : -1
  }

  /** Every second. */
  tick() {
    for (const row of this.#rows.values()) if (this.#seen.has(row.item)) row.tick()
  }

  /**
   * @param {string} id
   * @param {1 | -1} step
   * @returns {string | undefined} the one after or before; from nowhere the first or last
   */
  beside(id, step) {
    const ids = this.#order.shown
    const at = ids.indexOf(id)
    if (at < 0) return step > 0 ? ids[0] : ids.at(-1)
    return ids[at + step]
  }

  /** @param {string} [id] the open one, or where the tab key stops */
  focus(id = this.#stop) {
    const row = this.#rows.get(id ?? "")
    row?.link.focus()
    if (!row) this.pane.focus()
  }

  /** @param {string} id brings it into view */
  reveal(id) {
    this.#rows.get(id)?.item.scrollIntoView({ block: "nearest" })
  }

  get hasMore() {
    return !find(this.pane, ".list-more").hidden
  }

  /** @param {boolean} there */
  showMore(there) {
    find(this.pane, ".list-more").hidden = !there
  }

  /** @returns {string | undefined} where the tab key stops */
  get #stop() {
    const focused = this.list.querySelector(":focus")?.closest("li")?.dataset.id
    const open = this.list.querySelector("[data-open]")?.getAttribute("data-id")
    return focused ?? (open && this.#order.shown.includes(open) ? open : this.#order.shown[0])
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #watch(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#seen.add(target)
      else this.#seen.delete(target)
    }
    this.tick()
  }

  #pill() {
    const n = this.held
    this.pill.hidden = n === 0
    if (n === 0) return
    write(slot(this.pill, "new-count"), t("new-pill", { n }))
    write(slot(this.pill, "new-name"), t("new-pill-name", { n }))
  }

  /** @param {boolean} moving whether rows may be seen to change places */
  #arrange(moving) {
    const before = moving && mayMove() ? this.#tops() : new Map()
    const wanted = this.#order.shown.map((id) => this.#row(id).item)
    for (const [id, row] of this.#rows) {
      if (this.#order.shown.includes(id)) continue
      this.watcher.unobserve(row.item)
      this.#seen.delete(row.item)
      row.item.remove()
      this.#rows.delete(id)
    }
    wanted.forEach((item, index) => {
      const there = this.list.children[index]
      if (there !== item) this.list.insertBefore(item, there ?? null)
    })
    for (const [id, top] of before) this.#glide(id, top)
  }

  /** @param {string} id */
  #row(id) {
    const known = this.#rows.get(id)
    if (known) return known
    const row = new Row()
    row.item.dataset.id = id
    this.#rows.set(id, row)
    this.watcher.observe(row.item)
    return row
  }

  #tops() {
    return new Map([...this.#rows].map(([id, { item }]) => [id, item.offsetTop]))
  }

  /**
   * @param {string} id
   * @param {number} from
   */
  #glide(id, from) {
    const item = this.#rows.get(id)?.item
    const way = item ? from - item.offsetTop : 0
    if (!item || way === 0 || Math.abs(way) > 1000) return
    item.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], {
      duration: 160,
      easing: "cubic-bezier(0.4, 0, 0.2, 1)",
    })
  }

  #isCalm() {
    const focused = this.list.contains(document.activeElement) && document.hasFocus()
    return !this.#inside && !focused && Date.now() - this.#touchedAt >= CALM_MS
  }

  #waitForCalm() {
    clearTimeout(this.#calm)
    this.#calm = setTimeout(() => {
      if (!this.#isCalm()) return
      if (this.#order.settle()) this.#arrange(true)
      this.refresh()
    }, CALM_MS + 50)
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const touched = () => {
      this.#touchedAt = Date.now()
    }
    // A finger leaves no pointer behind: only a mouse holds the order by being there.
    this.pane.addEventListener("pointerenter", ({ pointerType }) => (this.#inside = pointerType === "mouse"), {
      signal,
    })
    this.pane.addEventListener(
      "pointerleave",
      () => {
        this.#inside = false
        touched()
        this.#waitForCalm()
      },
      { signal },
    )
    this.list.addEventListener(
      "focusout",
      () => {
        touched()
        this.#waitForCalm()
      },
      { signal },
    )
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true })
    this.list.addEventListener("keydown", (event) => this.#key(event), { signal })
  }

  #scrolled() {
    this.#touchedAt = Date.now()
    const { scrollTop, scrollHeight, clientHeight } = this.scroller
    if (scrollHeight - scrollTop - clientHeight < 300) this.events.more()
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const id = this.list.querySelector(":focus")?.closest("li")?.dataset.id
    const to = {
      ArrowDown: id && this.beside(id, 1),
      ArrowUp: id && this.beside(id, -1),
      Home: this.ids[0],
      End: this.ids.at(-1),
    }[event.key]
    if (!to) return
    event.preventDefault()
    this.focus(to)
    for (const [other, row] of this.#rows) row.link.tabIndex = other === to ? 0 : -1
  }
}
