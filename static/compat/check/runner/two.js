import { DOT, left, must } from "./lib.js"

/** @import { Driver, Given } from "./main.js" */

const PRIVATE = 1
const CHATROOM = 4

/**
 * Drives the SDK of generation 2: `RongIMLib.RongIMClient`, callbacks.
 * @param {any} page
 * @returns {Driver | null} null when that is not what was loaded
 */
export function two(page) {
  const lib = page.RongIMLib
  const type = lib?.RongIMClient
  if (typeof type?.init !== "function" || typeof type.connect !== "function") return null
  /** @type {(what: string, body: unknown) => void} */
  let hear = () => {}

  /** @param {Given} given */
  function init({ appkey, server, protobuf }) {
    const { host } = new URL(server)
    const options = { navi: host, isPolling: false, ...(protobuf && { protobuf }) }
    type.init(appkey, null, options)
  }

  function listen() {
    type.setConnectionStatusListener({ onChanged: (/** @type {number} */ status) => hear("status", { status }) })
    type.setOnReceiveMessageListener({ onReceived: (/** @type {any} */ message) => hear("message", message) })
  }

  /** @param {string} token @returns {Promise<string>} */
  const connect = (token) =>
    new Promise((resolve, reject) => {
      type.connect(token, {
        onSuccess: (/** @type {string} */ id) => resolve(String(id)),
        onTokenIncorrect: () => reject(new Error("the token is not valid")),
        onError: (/** @type {unknown} */ code) => reject(new Error(`code ${code}`)),
      })
    })

  /**
   * Calls a function of the client with a pair of callbacks at the end.
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<any>}
   */
  const call = (name, ...args) =>
    new Promise((resolve, reject) => {
      const client = type.getInstance()
      if (typeof client[name] !== "function") return resolve(left("not in this SDK"))
      client[name](...args, {
        onSuccess: (/** @type {unknown[]} */ ...got) => resolve(got.length > 1 ? got : got[0]),
        onError: (/** @type {unknown[]} */ ...why) => reject(new Error(`code ${why[0]}`)),
      })
    })

  /** @param {string} name @param {...unknown} args */
  const direct = (name, ...args) => {
    const client = type.getInstance()
    return typeof client[name] === "function" ? client[name](...args) : left("not in this SDK")
  }

  return {
    version: `2.x (${type.sdkver ?? "?"})`,

    connect(given, hears) {
      hear = hears
      init(given)
      listen()
      return connect(given.token)
    },

    join: (room) => call("joinChatRoom", room, 20),

    steps: (given) => ({ ...begin(given), ...talk(given), ...people(given), ...rooms(given), ...end(given) }),
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function begin(given) {
    return {
      init: () => init(given),
      "setConnectionStatusListener, setOnReceiveMessageListener": listen,
      connect: async () => {
        const id = await connect(given.token)
        must(id, "no user id")
        return id
      },
      getCurrentUserId: () => direct("getCurrentUserId"),
      getCurrentConnectionStatus: () => {
        const status = direct("getCurrentConnectionStatus")
        must(status === 0 || typeof status === "string", `status ${status}`)
        return status
      },
      getDeltaTime: () => direct("getDeltaTime"),
      registerMessageType: () =>
        type.registerMessageType("ParlorCheck", "parlor:check", new lib.MessageTag(true, true), ["word"]),
    }
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function talk({ other }) {
    const word = `check ${Date.now()}`
    /** @type {any[]} */
    const sent = []
    const send = async (/** @type {unknown} */ content) => {
      const message = await call("sendMessage", PRIVATE, other, content)
      must(message?.messageUId, "no messageUId")
      sent.push(message)
      return message
    }
    const history = async () => {
      const got = await call("getHistoryMessages", PRIVATE, other, 0, 20)
      return Array.isArray(got?.[0]) ? got[0] : got
    }
    return {
      "sendMessage: text": () => send(new lib.TextMessage({ content: word, extra: "" })),
      "sendMessage: emoji": async () => {
        const message = await send(new lib.TextMessage({ content: "😀 好", extra: "" }))
        const found = (await history()).find((/** @type {any} */ one) => one.messageUId === message.messageUId)
        must(found?.content.content === "😀 好", "the signs came back otherwise")
      },
      "sendMessage: picture": () =>
        send(new lib.ImageMessage({ content: DOT, imageUri: "https://example.com/dot.jpg", extra: "" })),
      getHistoryMessages: async () => {
        const list = await history()
        for (const { messageUId } of sent)
          must(
            list.some((/** @type {any} */ one) => one.messageUId === messageUId),
            `${messageUId} is missing`,
          )
        return list.length
      },
      getConversationList: () => call("getConversationList"),
      getRemoteConversationList: () => call("getRemoteConversationList"),
      getConversation: () => call("getConversation", PRIVATE, other),
      getUnreadCount: () => call("getUnreadCount", PRIVATE, other),
      getTotalUnreadCount: () => call("getTotalUnreadCount"),
      clearUnreadCount: () => call("clearUnreadCount", PRIVATE, other),
      sendRecallMessage: async () => {
        const [message] = sent
        must(message, "nothing was sent")
        return call("sendRecallMessage", message)
      },
      deleteRemoteMessages: () => {
        const { messageUId, sentTime } = sent.at(-1) ?? {}
        must(messageUId, "nothing was sent")
        return call("deleteRemoteMessages", PRIVATE, other, [{ messageUId, sentTime, messageDirection: 1 }])
      },
      clearRemoteHistoryMessages: () =>
        call("clearRemoteHistoryMessages", { conversationType: PRIVATE, targetId: other, timestamp: Date.now() }),
      removeConversation: () => call("removeConversation", PRIVATE, other),
      getFileToken: () => call("getFileToken", lib.FileType?.IMAGE ?? 1),
    }
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function people({ other }) {
    return {
      addToBlacklist: () => call("addToBlacklist", other),
      getBlacklistStatus: () => call("getBlacklistStatus", other),
      getBlacklist: () => call("getBlacklist"),
      removeFromBlacklist: () => call("removeFromBlacklist", other),
    }
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function rooms({ room }) {
    const key = `check-${Date.now()}`
    const entry = { key, value: "1", notificationExtra: "" }
    /** @type {Record<string, () => unknown>} */
    const steps = {
      joinChatRoom: () => call("joinChatRoom", room, 10),
      getChatRoomInfo: () => call("getChatRoomInfo", room, 10, 1),
      "sendMessage: chatroom": async () => {
        const content = new lib.TextMessage({ content: `room ${Date.now()}`, extra: "" })
        const message = await call("sendMessage", CHATROOM, room, content)
        must(message?.messageUId, "no messageUId")
      },
      getChatRoomHistoryMessages: () => call("getChatRoomHistoryMessages", room, 10, 1),
      setChatroomEntry: () => call("setChatroomEntry", room, entry),
      getChatroomEntry: () => call("getChatroomEntry", room, key),
      getAllChatroomEntries: () => call("getAllChatroomEntries", room),
      removeChatroomEntry: () => call("removeChatroomEntry", room, { key }),
      quitChatRoom: () => call("quitChatRoom", room),
    }
    if (room) return steps
    return Object.fromEntries(Object.keys(steps).map((name) => [name, () => left("no chatroom was named")]))
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function end({ token }) {
    return {
      disconnect: () => direct("disconnect"),
      "connect again": () => connect(token),
      "disconnect again": () => direct("disconnect"),
    }
  }
}
