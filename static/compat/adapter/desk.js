import { messageFor } from "../shared/shapes.js"
import { call } from "./host.js"
import { Position } from "./names.js"
import { demand, layoutOf, pathOf } from "./options.js"
import { place } from "./panel.js"

/** @import { Panel } from "./panel.js" */

/**
 * `RongCustomerService`: the desk in a panel. Who writes is a visitor of the site: the desk knows visitors, not users,
 * so that the token opens nothing here.
 *
 * @param {{ origin: string, words: import("./words.js").Words }} by
 */
export function customerService({ origin, words }) {
  /** @type {Panel | null} */
  let panel = null
  /** @type {Record<string, any>} */
  let config = {}
  /** @type {Record<string, any> | null} */
  let product = null
  let user = ""
  let site = ""
  /** Whether the frame listened once. */
  let ready = false

  const target = () => config.customerServiceId ?? config.kefuId ?? site

  /** @param {Record<string, any>} said */
  function hear(said) {
    switch (said.t) {
      case "ready":
        panel?.tell({ t: "events" })
        if (product) panel?.tell({ t: "product", product })
        if (ready) return
        ready = true
        service.connected = service.isReady = true
        return call(config.onSuccess ?? service.onReady, user)
      case "look":
        site = String(said.site ?? "")
        return panel?.look(said.light, said.dark)
      case "unread":
        if (!panel || !Number.isSafeInteger(said.n) || said.n < 0) return
        panel.unread = service.totalUnreadCount = said.n
        return call(service.onUnread)
      case "message":
      case "sent":
        user = said.me
        return call(
          said.t === "sent" ? service.onSentMessage : service.onReceivedMessage,
          messageFor(said.message, { type: 5, target: target() }, said.me),
        )
      default:
    }
  }

  function leave() {
    const close = () => {
      service.hidden()
      call(service.onClose, service.current())
    }
    if (typeof service.onCloseBefore === "function") call(service.onCloseBefore, { close })
    else close()
  }

  const service = {
    Position,
    KefuPostion: Position,
    display: false,
    fullScreen: false,
    connected: false,
    isReady: false,
    isInit: false,
    totalUnreadCount: 0,
    /** @type {unknown} */ onReady: undefined,
    /** @type {unknown} */ onShow: undefined,
    /** @type {unknown} */ onClose: undefined,
    /** @type {unknown} */ onCloseBefore: undefined,
    /** @type {unknown} */ onReceivedMessage: undefined,
    /** @type {unknown} */ onSentMessage: undefined,
    /** @type {unknown} */ onUnread: undefined,

    /** @param {Record<string, any>} given */
    init(given) {
      demand("RongCustomerService.init", given)
      panel?.destroy()
      ready = false
      config = given
      const style = { ...given.style }
      // 20 px from the side that was asked for, at the bottom, 325 wide.
      if (given.position === Position.left) Object.assign(style, { left: 20, bottom: style.bottom ?? 0 })
      if (given.position === Position.right) Object.assign(style, { right: 20, bottom: style.bottom ?? 0 })
      style.width ??= given.position ? 325 : 400
      style.height ??= 560
      const label = String(given.reminder || words.service)
      panel = place(
        { origin, path: pathOf("/compat/desk", given.appkey), label, unread: words.unread },
        layoutOf(style, given.displayMinButton !== false),
        { said: hear, pressed: () => service.show(true), hidden: leave },
      )
      service.isInit = true
    },

    /** @param {unknown} [byPerson] */
    show(byPerson) {
      if (!panel) return
      service.display = true
      service.fullScreen = false
      panel.open(byPerson === true)
      call(service.onShow)
    },

    hidden() {
      service.display = false
      panel?.close()
    },

    hide() {
      service.hidden()
    },

    /** The desk, as pages get a conversation. */
    current: () => ({
      targetType: 5,
      targetId: String(target()),
      title: String(config.reminder || words.service),
      portraitUri: "",
      unreadMessageCount: service.totalUnreadCount,
      onLine: false,
    }),

    /** @param {Record<string, any>} given title, url, content, imageUrl */
    setProductInfo(given) {
      product = given
      if (ready) panel?.tell({ t: "product", product })
    },

    destroy() {
      panel?.destroy()
      panel = null
      service.isInit = service.isReady = service.connected = service.display = false
    },
  }
  return service
}
