import assert from "node:assert/strict"
import { test } from "node:test"

import { Strings } from "../../static/shared/lib/strings.js"
import { Times } from "../../static/shared/lib/time.js"
import { deviceOf } from "../../static/widget/lib/device.js"
import { Chat } from "../../static/widget/models/chat.js"
import { arrange } from "../../static/widget/models/rows.js"
import { matches } from "../../static/widget/net/host.js"

/** @import { Conversation, Message, Person, Stage } from "../../static/shared/net/protocol.js" */
/** @import { MessageRow } from "../../static/widget/models/rows.js" */

/** @type {Person} */
const nora = { id: "v1", name: "", role: "visitor" }
/** @type {Person} */
const anna = { id: "a1", name: "Anna", role: "agent" }
/** @type {Person} */
const house = { id: "system", name: "", role: "system" }
const noon = Date.parse("2026-11-22T12:00:00Z")
const minute = 60_000

/** @param {number} seq @param {Person} from @param {string} text @param {number} [at] @returns {Message} */
const says = (seq, from, text, at = noon) => ({
  uid: `u${seq}`,
  conversation: "c",
  seq,
  at,
  from,
  client_id: from === nora ? `k${seq}` : null,
  type: "RC:TxtMsg",
  content: { content: text },
})
/** @param {number} seq @param {string} extra @returns {Message} */
const note = (seq, extra) => ({
  ...says(seq, house, ""),
  type: "RC:InfoNtf",
  content: { message: "somebody did something", extra, user: { name: "Anna" } },
})
/** @param {Partial<Conversation>} [more] @param {Stage} [stage] @returns {Conversation} */
const conversation = (more, stage = { name: "human", agent: "a1", since: noon }) => ({
  id: "c",
  kind: "service",
  head: { epoch: 1, seq: 0 },
  created_at: noon,
  changed_at: noon,
  participants: [
    { ...nora, online: true, delivered: 0, read: 0, unread: 0 },
    { ...anna, online: true, delivered: 0, read: 0, unread: 0 },
  ],
  service: { site: "s", visitor: "v1", stage, waiting_since: null, context: {} },
  ...more,
})
const desk = { online: true, agents: [anna], waiting: 0, mine: 0 }
const strings = new Strings(
  { "state-waiting": "{n} waiting", "note-joined": "{name} joined", "state-read": "Read {time}" },
  "en",
)
const times = new Times("en-GB", { today: "Today", yesterday: "Yesterday" }, "UTC")

/** @param {Message[]} messages @param {object} [more] */
const rowsOf = (messages, more) =>
  arrange({
    messages,
    pending: [],
    conversation: conversation(),
    me: nora,
    online: true,
    now: noon + minute,
    unreadFrom: 0,
    strings,
    times,
    ...more,
  })
/** @param {Message[]} messages @param {object} [more] */
const bubbles = (messages, more) =>
  /** @type {MessageRow[]} */ (rowsOf(messages, more).filter(({ kind }) => kind === "message"))
/** @param {string} client_id @param {object} [more] */
const written = (client_id, more) => ({
  client_id,
  to: { desk: /** @type {const} */ (true) },
  type: "RC:TxtMsg",
  content: { content: client_id },
  at: noon,
  turn: 0,
  ...more,
})

test("messages of one person within five minutes are a group", () => {
  const rows = bubbles([
    says(1, nora, "a"),
    says(2, nora, "b", noon + 4 * minute),
    says(3, nora, "c", noon + 10 * minute),
  ])
  assert.deepEqual(
    rows.map(({ first, last }) => [first, last]),
    [
      [true, false],
      [false, true],
      [true, true],
    ],
  )
})

test("a day begins with its name, a note stands alone", () => {
  const rows = rowsOf([says(1, nora, "a", noon - 24 * 60 * minute), note(2, "joined"), says(3, anna, "b")])
  assert.deepEqual(
    rows.map((row) => (row.kind === "message" ? row.text : "text" in row ? row.text : "")),
    ["Yesterday", "a", "Today", "Anna joined", "b"],
  )
})

test("a message keeps its key from pending to sent", () => {
  const [pending] = bubbles([], { pending: [written("k1")] })
  const [sent] = bubbles([says(1, nora, "k1")])
  assert.equal(pending?.key, sent?.key)
})

test("a message that is in the outbox and in the log shows once", () => {
  assert.equal(bubbles([says(1, nora, "k1")], { pending: [written("k1")] }).length, 1)
})

test("only the newest own message says how it stands, and every failed one", () => {
  const rows = bubbles([says(1, nora, "a"), says(2, nora, "b", noon + 1)], {
    pending: [written("x", { failed: "too_large", at: noon + 2 })],
  })
  assert.deepEqual(
    rows.map(({ state }) => state),
    ["", "sent", "failed"],
  )
})

test("delivered and read follow the watermarks of others", () => {
  const standing = (/** @type {object} */ marks) => {
    const talk = conversation()
    Object.assign(/** @type {object} */ (talk.participants[1]), marks)
    return bubbles([says(1, nora, "a"), says(2, nora, "b")], { conversation: talk }).map(({ state }) => state)
  }
  assert.deepEqual(standing({ delivered: 1, read: 1 }), ["", "sent"])
  assert.deepEqual(standing({ delivered: 2, read: 1 }), ["", "delivered"])
  assert.deepEqual(standing({ delivered: 2, read: 2, read_at: noon }), ["", "read"])
})

test("offline, the last own message counts those that wait", () => {
  const rows = bubbles([], { pending: [written("x"), written("y", { turn: 1 })], online: false })
  assert.equal(rows.at(-1)?.meta, "2 waiting")
})

test("the line of the unread stands before the first unseen message of somebody else", () => {
  const rows = rowsOf([says(1, anna, "a"), says(2, nora, "b"), says(3, anna, "c")], { unreadFrom: 2 })
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["day", "message", "message", "unread", "message"],
  )
})

test("names stand above bubbles only when several people speak", () => {
  const tomas = { ...anna, id: "a2", name: "Tomás" }
  assert.deepEqual(
    bubbles([says(1, anna, "a")]).map(({ name }) => name),
    [""],
  )
  assert.deepEqual(
    bubbles([says(1, anna, "a"), says(2, tomas, "b")]).map(({ name }) => name),
    ["Anna", "Tomás"],
  )
})

const chatWith = (/** @type {Conversation[]} */ ...conversations) =>
  new Chat({ me: nora, desk, conversations, page: null })

test("messages of others count until they are read", () => {
  const chat = chatWith(conversation())
  for (const [seq, from] of /** @type {const} */ ([
    [1, anna],
    [2, anna],
    [3, nora],
  ]))
    chat.receive(says(seq, from, "x"))
  chat.receive(note(4, "joined"))
  assert.equal(chat.unread, 2)
  chat.read("c", 1)
  assert.equal(chat.unread, 1)
  chat.read("c", 4)
  assert.equal(chat.unread, 0)
})

test("a message that was taken back turns into a note in its place", () => {
  const chat = chatWith(conversation())
  for (const seq of [1, 2, 3]) chat.receive(says(seq, anna, `${seq}`))
  chat.hear({ push: "recalled", body: { ...says(2, anna, ""), type: "RC:RcCmd", content: {} } }, noon)
  const rows = rowsOf([...chat.log("c").messages]).filter(({ kind }) => kind !== "day")
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["message", "note", "message"],
  )
})

test("a missing message is named, and what is held is told on return", () => {
  const chat = chatWith(conversation())
  assert.equal(chat.receive(says(1, anna, "a")), null)
  assert.equal(chat.receive(says(3, anna, "c")), "c")
  assert.deepEqual(chat.since, [{ conversation: "c", epoch: 1, seq: 1 }])
})

test("the first message of a conversation not yet known asks for it", () => {
  const chat = chatWith()
  assert.equal(chat.receive(says(1, nora, "a")), "c")
  chat.take(conversation({ head: { epoch: 7, seq: 1 } }))
  assert.deepEqual(chat.since, [{ conversation: "c", epoch: 7, seq: 1 }])
})

test("a conversation that was told late does not take it back from the agent", () => {
  const queued = { name: "queued", since: noon }
  const chat = chatWith(conversation({ changed_at: noon }, queued))
  chat.receive(says(1, nora, "a", noon + 5))
  chat.take(conversation({ changed_at: noon + 2 }))
  assert.equal(chat.conversation("c")?.service?.stage.name, "human", "words of ours are no news of the server")
  chat.hear({ push: "conversation", body: conversation({ changed_at: noon + 1 }, queued) }, noon)
  assert.equal(chat.conversation("c")?.service?.stage.name, "human")
  chat.take(conversation({ changed_at: noon + 1, head: { epoch: 2, seq: 0 } }, queued))
  assert.equal(chat.conversation("c")?.service?.stage.name, "queued", "a restore begins a new count")
})

test("a welcome closes gaps and names what is still missing", () => {
  const chat = chatWith(conversation())
  chat.receive(says(1, anna, "a"))
  const head = { epoch: 1, seq: 4 }
  const gaps = [{ conversation: "c", reset: false, messages: [says(2, anna, "b")], more: true }]
  const missing = chat.welcome({ v: 1, me: nora, now: noon, desk, conversations: [conversation({ head })], gaps })
  assert.deepEqual(missing, ["c"])
  assert.equal(chat.log("c").last, 2)
})

test("after a restore the order is taken anew", () => {
  const chat = chatWith(conversation())
  chat.receive(says(1, anna, "old"))
  chat.receive(says(2, anna, "older"))
  const gaps = [{ conversation: "c", reset: true, messages: [says(1, anna, "new")], more: false }]
  const head = { epoch: 2, seq: 1 }
  chat.welcome({ v: 1, me: nora, now: noon, desk, conversations: [conversation({ head })], gaps })
  assert.deepEqual(
    chat.log("c").messages.map(({ content }) => content.content),
    ["new"],
  )
  assert.equal(chat.log("c").epoch, 2)
})

test("watermarks never go back", () => {
  const chat = chatWith(conversation())
  chat.hear({ push: "receipt", body: { conversation: "c", user: "a1", delivered: 3, read: 3, at: noon } }, noon)
  chat.take(conversation())
  assert.equal(chat.conversation("c")?.participants[1]?.read, 3)
})

test("typing ends with a message, a word, or eight seconds", () => {
  const chat = chatWith(conversation())
  const typing = (/** @type {boolean} */ on) =>
    chat.hear({ push: "typing", body: { conversation: "c", person: anna, on } }, noon)
  typing(true)
  assert.equal(chat.typist("c", noon + 7_000)?.name, "Anna")
  assert.equal(chat.typist("c", noon + 8_000), undefined)
  chat.receive(says(1, anna, "a"))
  assert.equal(chat.typist("c", noon), undefined)
  typing(true)
  typing(false)
  assert.equal(chat.typist("c", noon), undefined)
})

test("e4 only pages of the list may speak to the frame", () => {
  assert.equal(matches("https://a.example", "https://a.example"), true)
  assert.equal(matches("https://*.a.example", "https://x.a.example"), true)
  for (const [allowed, origin] of [
    ["https://a.example", "https://a.example.evil.net"],
    ["https://a.example", "http://a.example"],
    ["https://*.a.example", "https://a.example"],
    ["https://*.a.example", "https://evila.example"],
    ["https://*.a.example", "http://x.a.example"],
    ["https://*.a.example", "null"],
  ]) {
    assert.equal(matches(String(allowed), String(origin)), false, `${allowed} ${origin}`)
  }
})

test("browser and system are named in a few words", () => {
  const chrome =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
  assert.equal(deviceOf(chrome), "Chrome 140, Windows")
  assert.equal(deviceOf(`${chrome} Edg/140.0`), "Edge 140, Windows")
  assert.equal(deviceOf("curl/8"), "")
})

test("the agent's dot follows whether they are here", () => {
  const chat = chatWith(conversation())
  const here = () => chat.agent(chat.conversation("c"))?.online
  assert.equal(here(), true)
  chat.hear({ push: "presence", body: { user: "somebody", online: false, at: noon } }, noon)
  assert.equal(here(), true)
  chat.hear({ push: "presence", body: { user: "a1", online: false, at: noon } }, noon)
  assert.equal(here(), false)
  chat.hear({ push: "presence", body: { user: "a1", online: true, at: noon } }, noon)
  assert.equal(here(), true)
})
