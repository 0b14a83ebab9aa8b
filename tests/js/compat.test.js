import assert from "node:assert/strict"
import { test } from "node:test"
import { layoutOf } from "../../static/compat/adapter/options.js"
import { two } from "../../static/compat/check/runner/two.js"
import { Inbox } from "../../static/compat/frame/models/inbox.js"
import { readable } from "../../static/compat/frame/models/said.js"
import { messageFor, placeOf, wayTo } from "../../static/compat/shared/shapes.js"
import { Strings } from "../../static/shared/lib/strings.js"

const person = (id) => ({ id, name: id, role: "user", online: true, delivered: 0, read: 0, unread: 0 })
const message = (seq, from, type = "RC:TxtMsg", content = { content: "hi" }) => ({
  uid: `u${seq}`,
  conversation: "c1",
  seq,
  at: 1_000 + seq,
  from: person(from),
  client_id: null,
  type,
  content,
})
const conversation = (more = {}) => ({
  id: "c1",
  kind: "private",
  head: { epoch: 1, seq: 0 },
  created_at: 1,
  changed_at: 1,
  participants: [person("me"), person("you")],
  ...more,
})

test("a conversation is named by its other side, its handle or itself", () => {
  assert.deepEqual(placeOf(conversation(), "me"), { type: 1, target: "you" })
  assert.deepEqual(placeOf(conversation({ kind: "group", handle: "g1" }), "me"), { type: 3, target: "g1" })
  assert.deepEqual(placeOf(conversation({ kind: "group" }), "me"), { type: 3, target: "c1" })
  assert.deepEqual(placeOf(conversation({ kind: "chatroom", handle: "r" }), "me"), { type: 4, target: "r" })
})

test("a place leads to whom a message goes", () => {
  assert.deepEqual(wayTo({ type: 1, target: "you" }), { user: "you" })
  assert.deepEqual(wayTo({ type: 3, target: "g1" }), { group: "g1" })
  assert.deepEqual(wayTo({ type: 4, target: "r" }), { chatroom: "r" })
  assert.deepEqual(wayTo({ type: 8, target: "shop" }), { user: "shop" })
  assert.equal(wayTo({ type: 5, target: "desk" }), null)
  assert.equal(wayTo({ type: 6, target: "house" }), null)
})

test("handlers get messages in the shape they know", () => {
  const got = messageFor(message(3, "you", "RC:ImgMsg", { content: "x", extra: "e" }), { type: 1, target: "you" }, "me")
  assert.equal(got.messageType, "ImageMessage")
  assert.equal(got.messageDirection, 2)
  assert.equal(got.content.messageName, "ImageMessage")
  assert.equal(got.extra, "e")
  assert.equal(messageFor(message(3, "me", "my:own"), { type: 1, target: "you" }, "me").messageType, "UnknownMessage")
  assert.equal(messageFor(message(3, "me"), { type: 1, target: "you" }, "me").messageDirection, 1)
})

test("what was removed from the list comes back with the next message, and notes raise no counts", () => {
  const inbox = new Inbox()
  inbox.me = person("me")
  inbox.take(conversation())
  const kept = { pinned: false, muted: false, removed: true, unread: 0, mentions: 0, cleared: 0 }
  inbox.hear({ push: "mine", body: { conversation: "c1", ...kept } }, 0)
  assert.equal(inbox.list.length, 0)
  inbox.hear({ push: "message", body: message(1, "you", "RC:InfoNtf", { message: "x" }) }, 0)
  assert.equal(inbox.list.length, 1)
  assert.equal(inbox.unreadOf(inbox.list[0]), 0)
  inbox.hear({ push: "message", body: message(2, "you") }, 0)
  assert.equal(inbox.unreadOf(inbox.list[0]), 1)
  inbox.hear({ push: "deleted", body: { conversation: "c1", seqs: [2] } }, 0)
  assert.equal(inbox.log("c1").messages[1].type, "parlor:deleted")
})

test("pinned conversations stand first", () => {
  const inbox = new Inbox()
  inbox.me = person("me")
  inbox.take(conversation({ id: "old", changed_at: 1, mine: { pinned: true } }))
  inbox.take(conversation({ id: "new", changed_at: 9 }))
  assert.deepEqual(
    inbox.list.map(({ id }) => id),
    ["old", "new"],
  )
})

test("what happened in a group is said in words", () => {
  const table = { "compat-group-add": "{name} added {others}", "compat-group-other": "?" }
  const by = { strings: new Strings(table, "en"), name: (id) => ({ a: "Anna", b: "Ben" })[id] ?? "" }
  const data = { targetUserIds: ["b", "c"], targetUserDisplayNames: ["B", "Carl"] }
  const content = { operatorUserId: "a", operation: "Add", data }
  assert.equal(readable(message(1, "a", "RC:GrpNtf", content), by)?.content.message, "Anna added Ben and Carl")
  const broken = message(1, "a", "RC:GrpNtf", { operation: 3, data: "x", message: 4 })
  assert.equal(readable(broken, by)?.content.message, "?")
  assert.equal(readable(message(1, "a", "parlor:deleted", {}), by), null)
})

test("a page's wishes for its place are made sure of", () => {
  const layout = layoutOf({ width: "380px", height: 10, left: 0, top: "5", right: "x", positionFixed: false }, true)
  assert.deepEqual(layout.offsets, { top: "5px", left: "0px" })
  assert.equal(layout.width, 380)
  assert.equal(layout.height, 320)
  assert.equal(layout.absolute, true)
  assert.deepEqual(layoutOf({}, true).offsets, { bottom: "20px", right: "20px" })
  assert.deepEqual(layoutOf({ bottom: "1px;color:red" }, true).offsets, { bottom: "1px", right: "20px" })
})

/** An SDK of generation 2 as far as the test page knows it: what it was asked, and callbacks that answer. */
function oldSdk(answers) {
  const asked = []
  const client = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      (...args) => {
        asked.push([name, ...args.slice(0, -1)])
        const { onSuccess, onError } = args.at(-1)
        if (answer instanceof Error) onError(answer.message)
        else onSuccess(answer)
      },
    ]),
  )
  class Content {
    constructor(content) {
      Object.assign(this, content)
    }
  }
  const RongIMClient = {
    init: (...args) => asked.push(["init", ...args]),
    connect: (token, { onSuccess, onTokenIncorrect }) => (token === "good" ? onSuccess("me") : onTokenIncorrect()),
    setConnectionStatusListener: () => {},
    setOnReceiveMessageListener: ({ onReceived }) => {
      RongIMClient.receive = onReceived
    },
    registerMessageType: () => {},
    getInstance: () => client,
  }
  return { asked, page: { RongIMLib: { RongIMClient, TextMessage: Content, ImageMessage: Content } } }
}

const given = { appkey: "app", server: "https://chat.example:444", protobuf: "https://x/p.js", room: "", other: "you" }

test("an SDK of generation 2 is driven by its own names", async () => {
  const { asked, page } = oldSdk({ joinChatRoom: "in", sendMessage: { messageUId: "u1", sentTime: 5 } })
  const driver = two(page)
  const heard = []
  assert.equal(await driver.connect({ ...given, token: "good" }, (...what) => heard.push(what)), "me")
  assert.deepEqual(asked[0], [
    "init",
    "app",
    null,
    { navi: "chat.example:444", isPolling: false, protobuf: "https://x/p.js" },
  ])
  page.RongIMLib.RongIMClient.receive({ content: "hello" })
  assert.deepEqual(heard, [["message", { content: "hello" }]])
  assert.equal(await driver.join("lobby"), "in")
  await assert.rejects(
    driver.connect({ ...given, token: "bad" }, () => {}),
    /not valid/,
  )
})

test("what a generation does not have is left out, what it refuses fails with its number", async () => {
  const { page } = oldSdk({ sendMessage: { messageUId: "u1", sentTime: 5 }, getConversationList: new Error("34001") })
  const steps = two(page).steps({ ...given, token: "good" })
  assert.equal((await steps["sendMessage: text"]()).messageUId, "u1")
  assert.equal(await steps.clearUnreadCount(), "– not in this SDK")
  assert.equal(steps.joinChatRoom(), "– no chatroom was named")
  await assert.rejects(steps.getConversationList(), /34001/)
  assert.equal(two({ RongIMLib: { init() {}, getInstance() {} } }), null)
})
