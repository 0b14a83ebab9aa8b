import { keyOf, messageFor } from "../shared/shapes.js"
import { customerService } from "./desk.js"
import { askForNotices, call, notice, sound } from "./host.js"
import { EnumConversationListPosition, EnumConversationType, STATUS } from "./names.js"
import { demand, layoutOf, LIST, pathOf } from "./options.js"
import { place } from "./panel.js"

/** @import { Panel } from "./panel.js" */

const ONLINE_MS = 30_000
const CONNECT_MS = 20_000
const SERVICE = 5
/** What a refused connection is called: the token, a blocked user, anything else. */
const REFUSALS = { expired: { code: 0, info: "the token is not valid" }, forbidden: { code: 31009 } }

/**
 * `WebIMWidget`: a user's conversations in a panel, under the names and with the timing of the original.
 * @param {{ origin: string, words: import("./words.js").Words }} by
 */
export function webIMWidget(by) {
  const { origin, words } = by
  /** @type {Panel | null} */
  let panel = null
  /** @type {ReturnType<typeof customerService> | null} */
  let desk = null
  /** @type {Record<string, any>} */
  let config = {}
  let me = ""
  /** @type {Record<string, any> | null} */
  let current = null
  /** Asked for before there was a connection. @type {Record<string, any> | null} */
  let early = null
  let muted = false
  /** The conversation on the screen is the desk's. */
  let atDesk = false
  /** @type {Record<string, any> | null} */
  let about = null
  /** Whose connection it is; an earlier one has nothing to say any more. */
  let turn = 0
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let watching
  /** @type {Record<"person" | "group", Set<string>>} */
  const wanted = { person: new Set(), group: new Set() }
  /** @type {Record<string, ((id: any, answer: { onSuccess: (found: any) => void }) => void) | undefined>} */
  const providers = {}
  let online = /** @type {string[]} */ ([])

  const tell = (/** @type {Record<string, any>} */ message) => panel?.tell(message)
  const hasList = () => config.displayConversationList === true

  function begin() {
    tell({
      t: "begin",
      token: String(config.token).split("@")[0],
      list: hasList(),
      right: config.conversationListPosition === EnumConversationListPosition.right,
      hidden: hiddenOf(config.hiddenConversations),
      mutable: typeof config.voiceUrl === "string" || config.voiceNotification === true,
      presence: typeof providers.online === "function",
    })
    for (const what of /** @type {const} */ (["person", "group"])) {
      for (const id of wanted[what]) ask(what, id)
    }
  }

  /** @param {"person" | "group"} what @param {string} id */
  function ask(what, id) {
    wanted[what].add(id)
    const mine = turn
    call(providers[what], id, {
      onSuccess(/** @type {Record<string, any> | undefined} */ found) {
        if (!found || mine !== turn) return
        tell({ t: what, id, name: String(found.name ?? ""), portrait: String(found.portraitUri ?? "") })
      },
    })
  }

  function askOnline() {
    if (online.length === 0) return
    const mine = turn
    call(providers.online, [...online], {
      onSuccess(/** @type {{ id: unknown, status: unknown }[]} */ found) {
        if (!Array.isArray(found) || mine !== turn) return
        tell({ t: "online", list: found.map(({ id, status }) => ({ id: String(id), status: status === true })) })
      },
    })
  }

  /** The one time after connecting. @param {string} user */
  function connected(user) {
    me = user
    const first = !widget.isReady
    widget.connected = widget.isReady = true
    if (first) {
      if (hasList() && providers.online) watching = setInterval(askOnline, ONLINE_MS)
      call(config.onSuccess, user)
      call(widget.onReady)
    }
    if (early) tell(early)
    early = null
  }

  /** @param {Record<string, any>} said */
  function heardMessage(said) {
    const message = messageFor(said.message, said.place, me)
    if (said.t === "sent") return call(widget.onSentMessage, message)
    call(widget.onReceivedMessage, message)
    if (!said.loud || !(hasList() || said.current)) return
    if (typeof config.voiceUrl === "string" && !muted) sound(config.voiceUrl)
    if (config.desktopNotification === true && (document.hidden || !widget.display))
      notice(String(said.name || said.place.target), String(said.text ?? ""), () => widget.show())
  }

  /** @param {Record<string, any>} said */
  function status(said) {
    widget.connected = said.state === "live"
    const name = said.reason === "elsewhere" ? "elsewhere" : said.state
    call(widget.onConnectStatusChange, STATUS[/** @type {keyof typeof STATUS} */ (name)] ?? STATUS.ended)
    if (said.state !== "ended" || widget.isReady || said.reason === "elsewhere") return
    call(config.onError, REFUSALS[/** @type {keyof typeof REFUSALS} */ (said.reason)] ?? { code: -2 })
  }

  /** @param {Record<string, any>} said */
  function hear(said) {
    switch (said.t) {
      case "ready":
        return begin()
      case "look":
        return panel?.look(said.light, said.dark)
      case "connected":
        return connected(String(said.user))
      case "status":
        return status(said)
      case "unread":
        if (!panel || !Number.isSafeInteger(said.n) || said.n < 0) return
        widget.totalUnreadCount = said.n
        return count()
      case "message":
      case "sent":
        return heardMessage(said)
      case "current":
        current = said.conversation
        return panel?.size(widthFor(said.conversation !== null))
      case "ask":
        return ask(said.what, said.id)
      case "watch":
        online = said.ids
        return askOnline()
      case "muted":
        muted = said.on === true
        return
      case "leave":
        return leave()
      default:
    }
  }

  /** @param {boolean} talks a conversation stands beside the list */
  function widthFor(talks) {
    const width = panel?.layout.width ?? 0
    if (!hasList()) return width
    return talks ? width + LIST : LIST
  }

  /** The page may decide about the end of a conversation. */
  function leave() {
    const left = current
    const close = () => {
      tell({ t: "talk", place: null })
      if (!hasList()) widget.hidden()
      queueMicrotask(() => call(widget.onClose, left))
    }
    if (typeof widget.onCloseBefore === "function") call(widget.onCloseBefore, { close })
    else close()
  }

  /** @param {string} target @param {string} title */
  function openDesk(target, title) {
    atDesk = true
    if (!desk) {
      const mine = customerService(by)
      desk = mine
      mine.onReceivedMessage = (/** @type {unknown} */ message) => call(widget.onReceivedMessage, message)
      mine.onSentMessage = (/** @type {unknown} */ message) => call(widget.onSentMessage, message)
      mine.onCloseBefore = (/** @type {{ close: () => void }} */ closing) => {
        if (typeof widget.onCloseBefore === "function") call(widget.onCloseBefore, closing)
        else closing.close()
      }
      mine.onClose = (/** @type {unknown} */ left) => {
        widget.display = false
        if (panel) panel.aside = false
        call(widget.onClose, left)
      }
      mine.onUnread = count
      const { appkey, token, style } = config
      const { width, height } = panel?.layout ?? {}
      const customerServiceId = target
      if (about) desk.setProductInfo(about)
      desk.init({
        appkey,
        token,
        customerServiceId,
        reminder: title,
        displayMinButton: false,
        style: { ...style, width, height },
      })
    }
    panel?.close()
    if (panel) panel.aside = true
    if (widget.display) desk.show()
    else if (panel) panel.aside = false
  }

  /** Of the user's own list and of the desk together. */
  function count() {
    if (panel) panel.unread = widget.totalUnreadCount + (desk?.totalUnreadCount ?? 0)
  }

  const widget = {
    EnumConversationType,
    EnumConversationListPosition,
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
    /** @type {unknown} */ onConnectStatusChange: undefined,

    /** @param {Record<string, any>} given */
    init(given) {
      demand("WebIMWidget.init", given)
      const { conversationListPosition: list } = given
      if (given.displayConversationList && list !== undefined && ![0, 1].includes(list))
        throw new Error("WebIMWidget.init: conversationListPosition must be 0 (left) or 1 (right)")
      widget.destroy()
      config = given
      if (given.desktopNotification === true) askForNotices()
      const label = String(given.reminder || (given.displayConversationList ? words.recent : words.service))
      panel = place(
        { origin, path: pathOf("/compat/frame", given.appkey), label, unread: words.unread },
        layoutOf(given.style ?? {}, given.displayMinButton !== false),
        { said: hear, pressed: () => show(true), hidden: () => widget.hidden() },
      )
      panel.size(widthFor(false))
      widget.isInit = true
      const mine = turn
      setTimeout(() => {
        if (mine === turn && !widget.isReady) call(config.onError, { code: -1, info: "no connection in time" })
      }, CONNECT_MS)
    },

    /**
     * @param {number} type
     * @param {string | number} targetId
     * @param {string} [title]
     */
    setConversation(type, targetId, title) {
      const target = targetId === undefined || targetId === null ? "" : String(targetId)
      if (Number(type) === SERVICE && target) {
        if (panel) openDesk(target, String(title ?? ""))
        return
      }
      if (atDesk) {
        atDesk = false
        desk?.hidden()
        if (panel) panel.aside = false
        if (widget.display) panel?.open(false)
      }
      const message = target
        ? { t: "talk", place: { type: Number(type), target }, title: String(title ?? "") }
        : { t: "talk", place: null }
      if (widget.isReady) tell(message)
      else early = message
    },

    show: () => show(false),

    hidden() {
      widget.display = false
      desk?.hidden()
      if (panel) panel.aside = false
      panel?.close()
    },

    hide() {
      widget.hidden()
    },

    getCurrentConversation() {
      if (atDesk && desk) return desk.current()
      return current ? { ...current } : null
    },

    /** @param {(targetId: string, answer: { onSuccess: (found: any) => void }) => void} provider */
    setUserInfoProvider(provider) {
      providers.person = provider
      for (const id of wanted.person) ask("person", id)
    },

    /** @param {(groupId: string, answer: { onSuccess: (found: any) => void }) => void} provider */
    setGroupInfoProvider(provider) {
      providers.group = provider
      for (const id of wanted.group) ask("group", id)
    },

    /** @param {(ids: string[], answer: { onSuccess: (found: any) => void }) => void} provider */
    setOnlineStatusProvider(provider) {
      providers.online = provider
    },

    /** @param {Record<string, any>} product */
    setProductInfo(product) {
      // Said when somebody talks to the desk.
      about = product
      desk?.setProductInfo(product)
    },

    /** Takes it off the page. */
    destroy() {
      turn++
      clearInterval(watching)
      panel?.destroy()
      desk?.destroy()
      panel = desk = current = early = about = null
      online = []
      atDesk = false
      me = ""
      for (const ids of Object.values(wanted)) ids.clear()
      widget.isInit = widget.isReady = widget.connected = widget.display = false
      widget.totalUnreadCount = 0
    },
  }

  /** @param {boolean} byPerson */
  function show(byPerson) {
    if (!panel) return
    widget.display = true
    widget.fullScreen = false
    if (atDesk && desk) {
      panel.aside = true
      desk.show(byPerson)
    } else panel.open(byPerson)
    call(widget.onShow)
  }

  return widget
}

/**
 * @param {unknown} list
 * @returns {string[]}
 */
function hiddenOf(list) {
  if (!Array.isArray(list)) return []
  return list.map((/** @type {any} */ one) => keyOf({ type: Number(one?.type), target: String(one?.id) }))
}
