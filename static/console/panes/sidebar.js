import { find, mark, slot, write } from "../lib/dom.js"
import { isRail, toggleSidebar } from "../lib/look.js"
import { t } from "../page.js"

/** @import { Desk } from "../../shared/net/protocol.js" */
/** @import { View } from "../models/desk.js" */

/** The views and how many are in them. */
export class Sidebar {
  /** @param {HTMLElement} sidebar */
  constructor(sidebar) {
    this.sidebar = sidebar
    this.#words()
  }

  /** @param {View} view */
  enter(view) {
    for (const link of this.sidebar.querySelectorAll(".view")) {
      mark(link, "aria-current", link.getAttribute("data-view") === view ? "page" : null)
    }
  }

  /** @param {Desk} counts */
  count({ waiting, mine }) {
    this.#count("waiting", waiting)
    this.#count("mine", mine)
  }

  toggle() {
    toggleSidebar()
    this.#words()
  }

  focus() {
    find(this.sidebar, ".view[aria-current]").focus()
  }

  /**
   * @param {View} view
   * @param {number} n
   */
  #count(view, n) {
    const count = slot(find(this.sidebar, `.view[data-view="${view}"]`), "count")
    write(count, n > 999 ? "999+" : String(n))
    count.toggleAttribute("data-urgent", view === "waiting" && n > 0)
  }

  #words() {
    const button = find(this.sidebar, ".sidebar-fold")
    const words = t(isRail() ? "sidebar-unfold" : "sidebar-fold")
    mark(button, "aria-label", words)
    button.dataset.tip = words
  }
}
