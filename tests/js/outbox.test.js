import assert from "node:assert/strict"
import { test } from "node:test"

import { Outbox } from "../../static/shared/models/outbox.js"
import { CommandError, lost } from "../../static/shared/net/protocol.js"
import { Sender } from "../../static/shared/net/sender.js"

/** A storage as browsers have it. */
class Memory {
  /** @type {Map<string, string>} */
  #items = new Map()
  get length() {
    return this.#items.size
  }
  /** @param {number} index */
  key(index) {
    return [...this.#items.keys()][index] ?? null
  }
  /** @param {string} key */
  getItem(key) {
    return this.#items.get(key) ?? null
  }
  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#items.set(key, value)
  }
  /** @param {string} key */
  removeItem(key) {
    this.#items.delete(key)
  }
}

const desk = { desk: /** @type {const} */ (true) }
/** @param {string} content */
const text = (content) => /** @type {const} */ ([desk, "RC:TxtMsg", { content }])
/** @param {Outbox} outbox */
const texts = (outbox) => outbox.entries.map(({ content }) => content.content)

/** A server that answers what the script says, then takes everything. Keeps what it took by client id. */
class Server {
  state = "live"
  /** @type {Map<string, string>} */
  taken = new Map()
  /** @param {Array<"take" | "vanish" | "take and vanish" | CommandError>} script */
  constructor(script = []) {
    this.script = script
  }
  /** @param {string} _ @param {{ client_id: string, content: { content: string } }} body */
  async command(_, { client_id, content }) {
    const next = this.script.shift() ?? "take"
    if (next instanceof CommandError) throw next
    if (next !== "vanish") this.taken.set(client_id, content.content)
    if (next !== "take") {
      this.state = "waiting"
      throw lost()
    }
    return { uid: "u", conversation: "c", seq: this.taken.size, at: 1 }
  }
  get texts() {
    return [...this.taken.values()]
  }
}

/** @param {Outbox} outbox @param {Server} server @param {object} [events] */
const sender = (outbox, server, events) =>
  new Sender(outbox, /** @type {any} */ (server), { sent: () => {}, changed: () => {}, ...events })

test("what was written survives a reload, in its order", () => {
  const keep = new Memory()
  const before = new Outbox("site", keep, { now: () => 7 })
  for (const word of ["one", "two", "three"]) before.add(...text(word))
  assert.deepEqual(texts(new Outbox("site", keep)), ["one", "two", "three"])
})

test("two tabs do not overwrite each other's", () => {
  const keep = new Memory()
  const [left, right] = [new Outbox("site", keep, { now: () => 1 }), new Outbox("site", keep, { now: () => 2 })]
  left.add(...text("left"))
  right.add(...text("right"))
  assert.deepEqual(texts(new Outbox("site", keep)), ["left", "right"])
})

test("another scope sees nothing", () => {
  const keep = new Memory()
  new Outbox("site", keep).add(...text("secret"))
  assert.deepEqual(texts(new Outbox("sit", keep)), [])
})

test("a storage that refuses does not stop the writing", () => {
  const keep = Object.assign(new Memory(), {
    setItem() {
      throw new Error("full")
    },
  })
  const outbox = new Outbox("site", keep)
  outbox.add(...text("still here"))
  assert.deepEqual(texts(outbox), ["still here"])
})

test("damaged entries in the storage are passed over", () => {
  const keep = new Memory()
  keep.setItem("parlor.out.site.x", "{")
  keep.setItem("parlor.out.site.y", '{"client_id":1}')
  assert.deepEqual(texts(new Outbox("site", keep)), [])
})

test("what another tab removed is gone here too", () => {
  const outbox = new Outbox("site", new Memory())
  const { client_id } = outbox.add(...text("one"))
  assert.equal(outbox.changed(`parlor.out.site.${client_id}`, null), true)
  assert.deepEqual(texts(outbox), [])
})

test("everything is sent in the order of writing", async () => {
  const [outbox, server] = [new Outbox("site", new Memory(), { now: () => 1 }), new Server()]
  for (const word of ["one", "two", "three"]) outbox.add(...text(word))
  await sender(outbox, server).pump()
  assert.deepEqual(server.texts, ["one", "two", "three"])
  assert.deepEqual(outbox.entries, [])
})

test("a lost answer leads to the same message with the same id: nothing lost, nothing doubled", async () => {
  const [outbox, server] = [new Outbox("site", new Memory()), new Server(["take and vanish", "vanish"])]
  for (const word of ["one", "two"]) outbox.add(...text(word))
  const pump = sender(outbox, server)
  for (let round = 0; round < 3; round++) {
    server.state = "live"
    await pump.pump()
  }
  assert.deepEqual(server.texts, ["one", "two"])
  assert.deepEqual(outbox.entries, [])
})

test("a random line never loses, doubles or reorders", async () => {
  for (let round = 0; round < 100; round++) {
    const words = Array.from({ length: 8 }, (_, index) => `word ${index}`)
    const keep = new Memory()
    const server = new Server(
      Array.from(
        { length: 20 },
        () => /** @type {any} */ (["take", "vanish", "take and vanish"][Math.floor(Math.random() * 3)]),
      ),
    )
    for (const word of words) new Outbox("site", keep).add(...text(word))
    for (let life = 0; life < 40; life++) {
      server.state = "live"
      await sender(new Outbox("site", keep), server).pump() // each life is a reload
    }
    assert.deepEqual(server.texts, words)
  }
})

test("a refusal for good takes only that message out of the line", async () => {
  const refusal = new CommandError({ code: "too_large", message: "", temporary: false })
  const [outbox, server] = [new Outbox("site", new Memory()), new Server([refusal])]
  for (const word of ["huge", "small"]) outbox.add(...text(word))
  await sender(outbox, server).pump()
  assert.deepEqual(server.texts, ["small"])
  assert.deepEqual(
    outbox.entries.map(({ failed }) => failed),
    ["too_large"],
  )
})

test("try again writes it anew, at the end, under a new id", () => {
  const outbox = new Outbox("site", new Memory())
  const { client_id } = outbox.add(...text("huge"))
  outbox.fail(client_id, "too_large")
  const again = outbox.retry(client_id)
  assert.notEqual(again?.client_id, client_id)
  assert.equal(outbox.next, outbox.get(again?.client_id ?? ""))
})

test("a message for a conversation that was over goes where the owner says", async () => {
  const closed = new CommandError({ code: "conversation_closed", message: "", temporary: false })
  const [outbox, server] = [new Outbox("site", new Memory()), new Server([closed])]
  outbox.add({ conversation: "old" }, "RC:TxtMsg", { content: "late" })
  await sender(outbox, server, { elsewhere: () => desk }).pump()
  assert.deepEqual(server.texts, ["late"])
})
