import { DOT, left, must } from "./lib.js"

/** @import { Driver, Given } from "./main.js" */

const PRIVATE = 1

/**
 * Drives the SDK of generation 4: `RongIMLib.init`, promises.
 * @param {any} page
 * @returns {Driver | null} null when that is not what was loaded
 */
export function four(page) {
  const lib = page.RongIMLib
  if (typeof lib?.init !== "function" || typeof lib.getInstance !== "function") return null
  /** @type {any} */
  let client = null
  /** @type {(what: string, body: unknown) => void} */
  let hear = () => {}

  /** @param {Given} given */
  function init({ appkey, server }) {
    client = lib.init({ appkey, navigators: [server], logLevel: lib.LogLevel?.ERROR ?? 3 })
    return client
  }

  function watch() {
    client.watch({
      status: (/** @type {any} */ event) => hear("status", event),
      message: (/** @type {any} */ event) => hear("message", event.message),
      conversation: (/** @type {any} */ event) => hear("conversation", event),
      chatroom: (/** @type {any} */ event) => hear("chatroom", event),
    })
  }

  return {
    version: `4.x (${lib.SDK_VERSION ?? "?"})`,

    async connect(given, hears) {
      hear = hears
      init(given)
      watch()
      const { id } = await client.connect({ token: given.token })
      return String(id)
    },

    join: (room) => client.ChatRoom.get({ id: room }).join({ count: 20 }),

    steps: (given) => ({ ...begin(given), ...talk(given), ...rooms(given), ...end() }),
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function begin(given) {
    return {
      init: () => {
        init(given)
        must(lib.getInstance() === client, "getInstance gives another client")
      },
      watch,
      connect: async () => {
        const { id } = await client.connect({ token: given.token })
        must(id, "no user id")
        return id
      },
      getConnectionUserId: () => {
        must(client.getConnectionUserId(), "no user id")
        return client.getConnectionUserId()
      },
      getConnectionStatus: () => {
        must(client.getConnectionStatus() === 0, `status ${client.getConnectionStatus()}`)
        return client.getConnectionStatus()
      },
      getServerTime: () => {
        const off = Math.abs(client.getServerTime() - Date.now())
        must(off < 60_000, `the clocks are ${off} ms apart`)
        return client.getServerTime()
      },
      getConnectedTime: () => client.getConnectedTime(),
      getAppInfo: () => {
        const { appkey, navi } = client.getAppInfo()
        must(appkey === given.appkey, "another App Key")
        return { appkey, navi }
      },
      registerMessageType: () => client.registerMessageType("parlor:check", true, true, ["word"]),
    }
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function talk({ other }) {
    const place = { type: PRIVATE, targetId: other }
    const conversation = () => client.Conversation.get(place)
    const word = `check ${Date.now()}`
    /** @type {any[]} */
    const sent = []
    const send = async (/** @type {string} */ messageType, /** @type {object} */ content) => {
      const message = await conversation().send({ messageType, content })
      must(message?.messageUId, "no messageUId")
      must(message.sentTime > 0, "no sentTime")
      sent.push(message)
      return message
    }
    const history = async () => (await conversation().getMessages({ timestamp: 0, count: 20 })).list
    return {
      "Conversation.send: text": () => send("RC:TxtMsg", { content: word }),
      "Conversation.send: emoji": async () => {
        const message = await send("RC:TxtMsg", { content: "😀 好" })
        const found = (await history()).find((/** @type {any} */ one) => one.messageUId === message.messageUId)
        must(found?.content.content === "😀 好", "the signs came back otherwise")
        return found
      },
      "Conversation.send: picture": () => send("RC:ImgMsg", { content: DOT, imageUri: "https://example.com/dot.jpg" }),
      "Conversation.send: own type": () => send("parlor:check", { word }),
      "Conversation.getMessages": async () => {
        const list = await history()
        for (const { messageUId } of sent)
          must(
            list.some((/** @type {any} */ one) => one.messageUId === messageUId),
            `${messageUId} is missing`,
          )
        const times = list.map((/** @type {any} */ one) => one.sentTime)
        must(times.join() === [...times].sort((a, b) => a - b).join(), "not in the order of time")
        return list.length
      },
      "Conversation.getMessages: older": async () => {
        const [first] = await history()
        const older = await conversation().getMessages({ timestamp: first?.sentTime ?? 0, count: 5 })
        must(!older.list.some((/** @type {any} */ one) => one.sentTime >= first.sentTime), "newer ones among them")
        return { count: older.list.length, hasMore: older.hasMore }
      },
      "Conversation.sendTypingStatusMessage": () => conversation().sendTypingStatusMessage("RC:TxtMsg"),
      "Conversation.setDraft, getDraft, deleteDraft": async () => {
        await conversation().setDraft("half a sen")
        must((await conversation().getDraft()) === "half a sen", "another draft")
        await conversation().deleteDraft()
      },
      "Conversation.getList": async () => {
        const list = await client.Conversation.getList({ count: 50 })
        must(
          list.some((/** @type {any} */ one) => one.targetId === other),
          "the conversation is not in it",
        )
        return list.length
      },
      "Conversation.getUnreadCount": () => conversation().getUnreadCount(),
      "Conversation.getTotalUnreadCount": () => client.Conversation.getTotalUnreadCount(),
      "Conversation.read": () => conversation().read(),
      "Conversation.recall": async () => {
        const [message] = sent
        const { messageUId, sentTime } = message
        const recalled = await conversation().recall({ messageUId, sentTime })
        const words = (await history()).find((/** @type {any} */ one) => one.content?.content === word)
        must(!words, "it is still there")
        return recalled
      },
      "Conversation.deleteMessages": async () => {
        const message = sent.at(-1)
        const { messageUId, sentTime } = message
        await conversation().deleteMessages([{ messageUId, sentTime, messageDirection: 1 }])
        must(!(await history()).some((/** @type {any} */ one) => one.messageUId === messageUId), "it is still there")
      },
      "Conversation.clearMessages": async () => {
        await conversation().clearMessages({ timestamp: sent.at(-1)?.sentTime ?? Date.now() })
        must((await history()).length === 0, "something is left")
      },
      "Conversation.setStatus": () => conversation().setStatus({ notificationStatus: 2, isTop: false }),
      "Conversation.remove": () => client.Conversation.remove(place),
      getFileToken: () => client.getFileToken(1, "dot.jpg"),
    }
  }

  /** @param {Given} given @returns {Record<string, () => unknown>} */
  function rooms({ room }) {
    const names = [
      "ChatRoom.join",
      "ChatRoom.getInfo",
      "ChatRoom.send",
      "ChatRoom.getMessages",
      "ChatRoom.setEntry",
      "ChatRoom.getEntry",
      "ChatRoom.getAllEntries",
      "ChatRoom.forceSetEntry",
      "ChatRoom.removeEntry",
      "ChatRoom.quit",
    ]
    if (!room) return Object.fromEntries(names.map((name) => [name, () => left("no chatroom was named")]))
    const it = () => client.ChatRoom.get({ id: room })
    const key = `check-${Date.now()}`
    const word = `room ${Date.now()}`
    return {
      "ChatRoom.join": () => it().join({ count: 10 }),
      "ChatRoom.getInfo": async () => {
        const info = await it().getInfo({ count: 10, order: 1 })
        must(info.userCount >= 1, `${info.userCount} people`)
        return info
      },
      "ChatRoom.send": async () => {
        const message = await it().send({ messageType: "RC:TxtMsg", content: { content: word } })
        must(message?.messageUId, "no messageUId")
        return message
      },
      "ChatRoom.getMessages": () => it().getMessages({ timestamp: 0, count: 10 }),
      "ChatRoom.setEntry": () => it().setEntry({ key, value: "1" }),
      "ChatRoom.getEntry": async () => {
        const value = await it().getEntry(key)
        must(value === "1", `it is ${value}`)
        return value
      },
      "ChatRoom.getAllEntries": async () => {
        const all = await it().getAllEntries()
        must(all[key] === "1", "the entry is missing")
        return all
      },
      "ChatRoom.forceSetEntry": () => it().forceSetEntry({ key, value: "2" }),
      "ChatRoom.removeEntry": () => it().removeEntry({ key }),
      "ChatRoom.quit": () => it().quit(),
    }
  }

  /** @returns {Record<string, () => unknown>} */
  function end() {
    return {
      disconnect: () => client.disconnect(),
      reconnect: async () => {
        await client.reconnect()
        must(client.getConnectionStatus() === 0, `status ${client.getConnectionStatus()}`)
      },
      "disconnect again": () => client.disconnect(),
    }
  }
}
