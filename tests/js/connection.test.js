import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"

/** A socket in the hands of the test. */
class FakeSocket extends EventTarget {
  static OPEN = 1
  /** @type {FakeSocket[]} */
  static all = []
  readyState = 0
  /** @type {any[]} */
  frames = []
  /** @param {string} url */
  constructor(url) {
    super()
    this.url = url
    FakeSocket.all.push(this)
  }
  /** @param {string} text */
  send(text) {
    this.frames.push(JSON.parse(text))
  }
  close() {
    this.readyState = 3
  }
  opens() {
    this.readyState = 1
    this.dispatchEvent(new Event("open"))
  }
  /** @param {object} frame */
  says(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }))
  }
  /** @param {number} code */
  dies(code = 1006) {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event("close"), { code }))
  }
}

const welcome = {
  v: 1,
  me: { id: "v1", name: "", role: "visitor" },
  now: 0,
  desk: { online: true, agents: [], waiting: 0, mine: 0 },
  conversations: [],
  gaps: [],
}
const page = new EventTarget()
const memory = new Map()
Object.assign(globalThis, {
  WebSocket: FakeSocket,
  location: { href: "http://chat.example/w/site" },
  document: Object.assign(page, { visibilityState: "visible" }),
  addEventListener: page.addEventListener.bind(page),
  sessionStorage: {
    getItem: (/** @type {string} */ key) => memory.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => memory.set(key, value),
  },
})
Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true })
const { Connection } = await import("../../static/shared/net/connection.js")

const settle = () => new Promise((done) => setImmediate(done))
const newest = () => /** @type {FakeSocket} */ (FakeSocket.all.at(-1))

beforeEach(() => {
  FakeSocket.all = []
  memory.clear()
  mock.timers.reset()
  mock.timers.enable({ apis: ["setTimeout", "Date"] })
})

/** @param {object} [options] */
function connect(options) {
  /** @type {string[]} */
  const states = []
  /** @type {any[]} */
  const pushes = []
  const connection = new Connection({
    as: "visitor",
    site: "site",
    onState: (state, reason) => states.push(reason ?? state),
    onPush: (push) => pushes.push(push),
    ...options,
  })
  connection.start()
  return { connection, states, pushes }
}

/** @param {FakeSocket} socket */
async function greet(socket) {
  socket.opens()
  socket.says({ id: socket.frames.at(-1).id, ok: welcome })
  await settle()
}

test("says hello with what it has, and is live after the welcome", async () => {
  const { connection, states } = connect({ since: () => [{ conversation: "c", epoch: 1, seq: 41 }] })
  await greet(newest())
  assert.equal(newest().url, "ws://chat.example/ws")
  assert.deepEqual(newest().frames[0].body, {
    v: 1,
    as: "visitor",
    site: "site",
    since: [{ conversation: "c", epoch: 1, seq: 41 }],
  })
  assert.deepEqual(states, ["connecting", "live"])
  connection.stop()
})

test("an answer finds its command, in any order", async () => {
  const { connection } = connect()
  await greet(newest())
  const [a, b] = [connection.command("history", {}), connection.command("ping")]
  const [first, second] = newest().frames.slice(-2)
  newest().says({ id: second.id, ok: { b: 1 } })
  newest().says({ id: first.id, ok: { a: 1 } })
  assert.deepEqual(await Promise.all([a, b]), [{ a: 1 }, { b: 1 }])
  connection.stop()
})

test("an error answer rejects with its code", async () => {
  const { connection } = connect()
  await greet(newest())
  const asked = connection.command("send", {})
  newest().says({ id: newest().frames.at(-1).id, error: { code: "too_large", message: "m", temporary: false } })
  await assert.rejects(asked, { code: "too_large", temporary: false })
  connection.stop()
})

test("a broken line tells every waiting command that the outcome is unknown, and comes back", async () => {
  const { connection, states } = connect()
  await greet(newest())
  const asked = connection.command("send", {})
  newest().dies()
  await assert.rejects(asked, { lost: true })
  mock.timers.tick(600)
  assert.equal(FakeSocket.all.length, 2)
  await greet(newest())
  assert.deepEqual(states, ["connecting", "live", "waiting", "connecting", "live"])
  connection.stop()
})

test("a command that is never answered ends the line, not the program", async () => {
  const { connection, states } = connect()
  await greet(newest())
  const asked = connection.command("send", {})
  mock.timers.tick(15_000)
  await assert.rejects(asked, { lost: true })
  assert.equal(states.at(-1), "waiting")
  connection.stop()
})

test("close codes decide whether to come back", async () => {
  for (const [code, word] of /** @type {const} */ ([
    [4401, "expired"],
    [4403, "forbidden"],
    [4409, "elsewhere"],
    [4410, "elsewhere"],
    [1008, "broken"],
    [1012, "waiting"],
    [1013, "waiting"],
  ])) {
    const { connection, states } = connect()
    await greet(newest())
    newest().dies(code)
    assert.equal(states.at(-1), word)
    connection.stop()
  }
})

test("waits longer after each failure, at most 30 seconds", async () => {
  const { connection } = connect()
  let longest = 0
  for (let failure = 0; failure < 12; failure++) {
    if (FakeSocket.all.length === 0) break
    newest().dies(1013)
    const wait = (connection.retryAt ?? 0) - Date.now()
    assert.ok(wait >= 500 && wait <= 30_000, String(wait))
    longest = Math.max(longest, wait)
    mock.timers.tick(wait)
  }
  assert.ok(longest > 15_000)
  connection.stop()
})

test("comes back at once when the network does", async () => {
  const { connection } = connect()
  newest().dies(1013)
  page.dispatchEvent(new Event("online"))
  assert.equal(FakeSocket.all.length, 2)
  connection.stop()
})

test("offline, it tries once per step of the back-off and no event hurries it", async () => {
  const { connection } = connect()
  await greet(newest())
  Object.assign(navigator, { onLine: false })
  newest().dies()
  let tries = 0
  for (let step = 0; step < 8; step++) {
    for (const event of ["offline", "visibilitychange", "offline"]) page.dispatchEvent(new Event(event))
    assert.equal(FakeSocket.all.length, 1 + tries)
    const wait = (connection.retryAt ?? 0) - Date.now()
    assert.ok(wait >= 500, String(wait))
    mock.timers.tick(wait)
    tries++
    assert.equal(FakeSocket.all.length, 1 + tries)
    newest().dies(1013)
  }
  Object.assign(navigator, { onLine: true })
  page.dispatchEvent(new Event("online"))
  assert.equal(FakeSocket.all.length, 2 + tries, "and at once when the network is back")
  connection.stop()
})

test("who was ended by another device comes back only when the person asks", async () => {
  for (const code of [4409, 4410]) {
    FakeSocket.all.length = 0
    const { connection, states } = connect()
    await greet(newest())
    newest().dies(code)
    assert.deepEqual([connection.state, states.at(-1)], ["ended", "elsewhere"])
    for (const event of ["online", "offline", "visibilitychange"]) page.dispatchEvent(new Event(event))
    page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }))
    mock.timers.tick(3_600_000)
    assert.equal(FakeSocket.all.length, 1)
    connection.retry()
    assert.equal(FakeSocket.all.length, 2)
    await greet(newest())
    assert.equal(states.at(-1), "live")
    connection.stop()
  }
})

test("does not come back while hidden, and does when seen", async () => {
  const { connection } = connect()
  await greet(newest())
  Object.assign(page, { visibilityState: "hidden" })
  newest().dies()
  mock.timers.tick(120_000)
  assert.equal(FakeSocket.all.length, 1)
  Object.assign(page, { visibilityState: "visible" })
  page.dispatchEvent(new Event("visibilitychange"))
  assert.equal(FakeSocket.all.length, 2)
  connection.stop()
})

test("after sleep a silent line is found dead within five seconds", async () => {
  const { connection, states } = connect()
  await greet(newest())
  page.dispatchEvent(new Event("visibilitychange"))
  assert.equal(newest().frames.at(-1).cmd, "ping")
  mock.timers.tick(5_000)
  await settle()
  assert.equal(FakeSocket.all.length, 2)
  assert.equal(states.at(-1), "connecting")
  connection.stop()
})

test("a page kept for Back lets its socket go and resumes", async () => {
  const { connection } = connect()
  await greet(newest())
  page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }))
  assert.equal(newest().readyState, 3)
  page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }))
  assert.equal(FakeSocket.all.length, 2)
  connection.stop()
})

test("pushes before the welcome is taken in are not lost", async () => {
  const { connection, pushes } = connect()
  const socket = newest()
  socket.opens()
  socket.says({ id: socket.frames[0].id, ok: welcome })
  socket.says({ push: "typing", body: {} })
  await settle()
  assert.equal(pushes.length, 1)
  connection.stop()
})

/** Answers polls by a script; hangs when it ends. */
function fakePoll(/** @type {object[]} */ answers) {
  /** @type {{ url: string, body: any }[]} */
  const asked = []
  const request = (
    /** @type {string} */ url,
    /** @type {{ body: string, signal?: AbortSignal }} */ { body, signal },
  ) => {
    asked.push({ url, body: JSON.parse(body) })
    const answer = answers.shift()
    return answer
      ? Promise.resolve({ ok: true, status: 200, json: async () => answer })
      : new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))))
  }
  globalThis.fetch = /** @type {any} */ (request)
  return asked
}

test("a long-poll that was only an emergency gives way to a socket", async () => {
  const { connection } = connect()
  fakePoll([{ poll: "p1", frames: [{ id: 1, ok: welcome }], next: 1 }])
  for (let attempt = 0; attempt < 2; attempt++) {
    newest().dies()
    mock.timers.tick((connection.retryAt ?? 0) - Date.now())
  }
  for (let turn = 0; turn < 20; turn++) await settle()
  newest().opens()
  assert.equal(FakeSocket.all.length, 4, "the probe is followed by the real one")
  await greet(newest())
  assert.equal(connection.state, "live")
  assert.equal(memory.get("parlor.poll"), undefined)
  connection.stop()
})

test("two sockets that never open lead to long-poll, remembered for the session", async () => {
  const { connection, states, pushes } = connect()
  const asked = fakePoll([
    { poll: "p1", frames: [{ id: 1, ok: welcome }], next: 1 },
    { frames: [{ push: "typing", body: {} }], next: 2 },
    {
      frames: [
        { push: "typing", body: {} },
        { push: "desk", body: {} },
      ],
      next: 3,
    },
  ])
  for (let attempt = 0; attempt < 2; attempt++) {
    newest().dies()
    mock.timers.tick((connection.retryAt ?? 0) - Date.now())
  }
  for (let turn = 0; turn < 20; turn++) await settle()
  assert.equal(connection.state, "live")
  assert.equal(memory.get("parlor.poll"), undefined, "not before a socket was tried beside it")
  assert.equal(FakeSocket.all.length, 3)
  newest().dies()
  assert.equal(memory.get("parlor.poll"), "1")
  assert.equal(asked[0]?.url, "http://chat.example/poll")
  assert.equal(asked[1]?.url, "http://chat.example/poll/p1")
  assert.deepEqual(
    pushes.map(({ push }) => push),
    ["typing", "desk"],
    "a frame that comes twice is heard once",
  )
  assert.equal(states.at(-1), "live")
  connection.stop()
})
