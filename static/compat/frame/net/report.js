/** @import { Connection } from "../../../shared/net/connection.js" */
/** @import { Host } from "../../../widget/net/host.js" */

/** Tells the page around the frame how things stand, each thing when it is another than the page knows. */
export class Report {
  #unread = -1
  #current = ""
  #watch = ""
  #state = ""

  /** @param {Host} host */
  constructor(host) {
    this.host = host
  }

  /** @param {Connection} connection */
  state({ state, reason }) {
    if (`${state} ${reason}` === this.#state) return
    this.#state = `${state} ${reason}`
    this.host.tell({ t: "status", state, reason })
  }

  /** @param {number} n */
  unread(n) {
    if (n !== this.#unread) this.host.tell({ t: "unread", n })
    this.#unread = n
  }

  /** @param {object | null} conversation the one on the screen, as the page gets it */
  current(conversation) {
    const print = JSON.stringify(conversation)
    if (print !== this.#current) this.host.tell({ t: "current", conversation })
    this.#current = print
  }

  /** @param {string[]} ids people whose presence the page is asked for */
  watch(ids) {
    if (ids.join(" ") !== this.#watch) this.host.tell({ t: "watch", ids })
    this.#watch = ids.join(" ")
  }
}
