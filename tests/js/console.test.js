import assert from "node:assert/strict"
import { test } from "node:test"
import { Desk } from "../../static/console/models/desk.js"
import { Drafts } from "../../static/console/models/drafts.js"
import { HeldOrder } from "../../static/console/models/order.js"
import { OVER_MS, RING_MS, Rings } from "../../static/console/models/rings.js"
import { Threads } from "../../static/console/models/thread.js"

const ADA = { id: "a1", name: "Ada", role: "agent" }
const participant = (person, more = {}) => ({ ...person, online: true, delivered: 0, read: 0, unread: 0, ...more })
const visitorOf = (id) => ({ id: `v${id}`, name: "", role: "visitor" })

function conversation(id, { stage = { name: "queued", since: 1 }, since = null, changed = 1, seq = 0 } = {}) {
  const people = [participant(visitorOf(id))]
  if (stage.agent) people.push(participant({ ...ADA, id: stage.agent }))
  const service = { site: "s", visitor: `v${id}`, stage, waiting_since: since, context: {} }
  return {
    id,
    kind: "service",
    head: { epoch: 1, seq },
    created_at: 1,
    changed_at: changed,
    participants: people,
    service,
  }
}

const mine = { name: "human", agent: "a1", since: 1 }
const ended = { name: "ended", at: 5, by: "agent_closed", agent: "a1" }
const desk = (...all) => {
  const made = new Desk(ADA, { online: true, agents: [], waiting: 0, mine: 0 })
  for (const one of all) made.put(one)
  return made
}
const words = (id, seq, from, type = "RC:TxtMsg") => ({
  uid: `${id}${seq}`,
  conversation: id,
  seq,
  at: 100 + seq,
  from,
  client_id: null,
  type,
  content: {},
})
const memory = () => {
  const map = new Map()
  return {
    get: (key) => map.get(key) ?? null,
    set: (key, value) => (value === null ? map.delete(key) : map.set(key, value)),
    keys: () => [...map.keys()],
  }
}

test("whoever waits longest stands first, then the newest change", () => {
  const all = [
    conversation("a", { stage: mine, changed: 9 }),
    conversation("b", { stage: mine, since: 50 }),
    conversation("c", { stage: mine, since: 20 }),
    conversation("d", { stage: mine, changed: 12 }),
  ]
  assert.deepEqual(
    desk(...all)
      .view("mine")
      .map(({ id }) => id),
    ["c", "b", "d", "a"],
  )
})

test("a visitor's words count and start the clock; an answer stops it and reads them", () => {
  const it = desk(conversation("a", { stage: mine }))
  it.message(words("a", 1, visitorOf("a")))
  it.message(words("a", 2, visitorOf("a")))
  assert.equal(it.unread(it.get("a")), 2)
  assert.equal(it.get("a").service.waiting_since, 101)
  assert.equal(it.waitingForMe, 1)
  it.message(words("a", 3, ADA))
  assert.equal(it.unread(it.get("a")), 0)
  assert.equal(it.get("a").service.waiting_since, null)
})

test("a note neither counts nor stops the clock, and a repeated message changes nothing", () => {
  const it = desk(conversation("a", { stage: mine }))
  it.message(words("a", 1, visitorOf("a")))
  it.message(words("a", 2, { id: "system", name: "", role: "system" }, "RC:InfoNtf"))
  it.message(words("a", 1, visitorOf("a")))
  assert.equal(it.unread(it.get("a")), 1)
  assert.equal(it.get("a").service.waiting_since, 101)
})

test("a receipt moves the visitor's marks forward only", () => {
  const it = desk(conversation("a", { stage: mine, seq: 5 }))
  it.receipt({ conversation: "a", user: "va", delivered: 5, read: 4, at: 200 })
  it.receipt({ conversation: "a", user: "va", delivered: 3, read: 2, at: 300 })
  const visitor = it.get("a").participants[0]
  assert.deepEqual([visitor.delivered, visitor.read, visitor.read_at], [5, 4, 200])
})

test("after a reconnect the server's account counts; what it does not tell is asked for", () => {
  const it = desk(conversation("a", { stage: mine }), conversation("b"), conversation("c", { stage: ended }))
  const stale = it.welcome({ desk: it.counts, conversations: [conversation("d")] })
  assert.deepEqual(stale.sort(), ["a", "b"])
})

test("a push without last words keeps those that are known", () => {
  const it = desk({ ...conversation("a"), last: words("a", 1, visitorOf("a")) })
  it.put(conversation("a", { stage: mine }))
  assert.equal(it.get("a").last.seq, 1)
})

test("a push that comes late does not put a conversation back into the line", () => {
  const it = desk(conversation("a", { changed: 1 }))
  it.message({ ...words("a", 1, visitorOf("a")), at: 9 })
  it.put(conversation("a", { stage: mine, changed: 3 }))
  it.put(conversation("a", { changed: 2 }))
  assert.equal(it.get("a").service.stage.name, "human")
})

test("a view without end shows no older conversation than it was loaded up to", () => {
  const it = desk(conversation("old", { stage: ended, changed: 1 }))
  it.loaded("closed", [conversation("new", { stage: ended, changed: 9 })], true)
  assert.deepEqual(
    it.view("closed").map(({ id }) => id),
    ["new"],
  )
  it.loaded("closed", [], false)
  assert.equal(it.view("closed").length, 2)
})

test("nothing moves under a hand", () => {
  const order = new HeldOrder()
  order.reset(["a", "b"])
  assert.equal(order.want(["c", "b", "a"], false), false)
  assert.deepEqual([order.shown, order.waiting], [["a", "b"], 1])
  assert.equal(order.settle(), true)
  assert.deepEqual([order.shown, order.waiting], [["c", "b", "a"], 0])
})

test("the open conversation stays where it was although it left the view", () => {
  const order = new HeldOrder()
  order.reset(["a", "b", "c"])
  order.keep("b")
  order.want(["a", "c"], true)
  assert.deepEqual(order.shown, ["a", "b", "c"])
  assert.equal(order.isGone("b"), true)
  order.keep(null)
  order.settle()
  assert.deepEqual(order.shown, ["a", "c"])
})

test("a new visitor rings once, for thirty seconds", () => {
  const keep = memory()
  const rings = new Rings(keep)
  assert.equal(rings.waits(conversation("a"), 1000, true), true)
  assert.equal(rings.waits(conversation("a"), 2000, true), false)
  assert.deepEqual(rings.expire(1000 + RING_MS - 1), [])
  assert.equal(rings.expire(1000 + RING_MS).length, 1)
  assert.equal(rings.waits(conversation("a"), 50_000, true), false)
  assert.equal(new Rings(keep).waits(conversation("a"), 60_000, true), false, "not after a reload either")
})

test("a reload goes on with a ring, and a long wait does not ring at all", () => {
  const keep = memory()
  new Rings(keep).waits(conversation("a"), 100_000, true)
  const rings = new Rings(keep)
  assert.equal(rings.waits(conversation("a"), 110_000, false), true)
  assert.equal(rings.all[0].until, 100_000 + RING_MS)
  assert.equal(rings.waits(conversation("b", { since: 1 }), 110_000, false), false)
})

test("a card says what became of the ring for two seconds", () => {
  const rings = new Rings(memory())
  rings.waits(conversation("a"), 0, true)
  rings.end("a", 500, "Jonas took it")
  assert.deepEqual([rings.ringing.length, rings.all[0].over], [0, "Jonas took it"])
  assert.deepEqual(rings.expire(500 + OVER_MS), [], "it was not missed")
  assert.equal(rings.all.length, 0)
})

test("drafts are kept per conversation and emptied with the field", () => {
  const drafts = new Drafts("a1", memory())
  drafts.set("x", "half a sen")
  drafts.set("y", "   ")
  assert.deepEqual([drafts.get("x"), drafts.get("y")], ["half a sen", ""])
  drafts.set("x", "")
  assert.equal(drafts.get("x"), "")
})

test("only the threads visited last are held", () => {
  const threads = new Threads()
  for (let n = 0; n < 30; n++) threads.open(`c${n}`)
  assert.equal(threads.all.length, 20)
  assert.equal(threads.get("c0"), undefined)
  assert.deepEqual(threads.since, [], "nothing is resumed that was never loaded")
})
