import assert from "node:assert/strict"
import { test } from "node:test"

import { EMOJI, found } from "../../static/shared/emoji/table.js"
import { Sounds } from "../../static/shared/lib/sound.js"
import { box, mediaOf, messageOf, middle, sizeWords } from "../../static/shared/models/media.js"
import { Uploads } from "../../static/shared/models/uploads.js"
import { Links } from "../../static/shared/net/files.js"

const ID = "f0123456789abcdefghjkmnpqrs"

/** Uploads whose answers the test gives. */
function uploads() {
  /** @type {Map<string, { resolve: (answer: any) => void, reject: (error: any) => void }>} */
  const going = new Map()
  /** @type {string[]} */
  const said = []
  let line = true
  let id = 0
  const model = new Uploads(
    {
      send: (job) => new Promise((resolve, reject) => going.set(job.file.name, { resolve, reject })),
      ready: () => line,
      taken: (job) => said.push(job.file.name),
      changed: () => {},
    },
    { show: () => "", forget: () => {}, now: () => 1, id: () => `k${++id}` },
  )
  const add = (/** @type {string} */ name) => model.add(/** @type {File} */ ({ name, size: 10 }), { desk: true })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { model, going, said, add, turn, cut: (/** @type {boolean} */ on) => (line = !on) }
}

test("req_4_4 a file is spoken of only when it is there, in the order of choosing", async () => {
  const { model, going, said, add, turn } = uploads()
  for (const name of ["a", "b", "c"]) add(name)
  assert.deepEqual([...going.keys()], ["a", "b"], "two at a time")
  going.get("b")?.resolve({})
  await turn()
  assert.deepEqual(said, [])
  going.get("a")?.resolve({})
  await turn()
  assert.deepEqual(said, ["a", "b"])
  going.get("c")?.reject({ code: "too_large", temporary: false })
  await turn()
  assert.deepEqual(
    model.jobs.map(({ state, reason }) => [state, reason]),
    [["refused", "too_large"]],
  )
})

test("req_4_4 what failed holds nobody up and can be tried again", async () => {
  const { model, going, said, add, turn } = uploads()
  const first = add("a")
  add("b")
  going.get("a")?.reject({ code: "", temporary: true })
  going.get("b")?.resolve({})
  await turn()
  assert.deepEqual([said, first.state], [["b"], "failed"])
  model.retry(first.key)
  assert.equal(first.state, "running")
  going.get("a")?.resolve({})
  await turn()
  assert.deepEqual(said, ["b", "a"])
})

test("without a line files wait; what is given up is never spoken of", async () => {
  const { model, going, said, add, turn, cut } = uploads()
  cut(true)
  const job = add("a")
  assert.deepEqual([job.state, going.size], ["waiting", 0])
  cut(false)
  model.pump()
  assert.equal(job.state, "running")
  model.discard(job.key)
  going.get("a")?.resolve({})
  await turn()
  assert.deepEqual([said, model.jobs], [[], []])
})

test("links are asked for together, kept, and asked again after a broken line", async () => {
  /** @type {string[][]} */
  const asked = []
  let broken = true
  const links = new Links(async (files) => {
    asked.push(files)
    if (broken) throw new Error("lost")
    return {
      links: files.filter((file) => file !== "gone").map((file) => ({ file, url: `/${file}`, name: "", size: 1 })),
    }
  })
  const all = Promise.all([links.get("a"), links.get("b"), links.get("gone")])
  await new Promise((resolve) => setImmediate(resolve))
  broken = false
  await links.pump()
  assert.deepEqual(
    (await all).map((link) => link?.url ?? null),
    ["/a", "/b", null],
  )
  assert.equal((await links.get("a"))?.url, "/a")
  assert.deepEqual(asked, [
    ["a", "b", "gone"],
    ["a", "b", "gone"],
  ])
})

test("b5 an address elsewhere is followed by a press only, and only over http", () => {
  const image = (/** @type {string} */ imageUri) => mediaOf("RC:ImgMsg", { imageUri, content: "" })
  assert.equal(image(`/files/${ID}`)?.file, ID)
  assert.deepEqual(
    [image("https://cdn.example/a.jpg")?.file, image("https://cdn.example/a.jpg")?.href],
    [null, "https://cdn.example/a.jpg"],
  )
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "//evil.example/a", "/files/../x", ""])
    assert.deepEqual([image(bad)?.file, image(bad)?.href], [null, ""])
})

test("what is sent about a file names it by its reference", () => {
  const answer = { file: ID, reference: `/files/${ID}`, name: "bowl.png", type: "", size: 5 }
  const image = messageOf({ ...answer, kind: "image", thumbnail: "/9j", width: 4, height: 3 })
  assert.deepEqual([image.type, image.content.imageUri, image.content.content], ["RC:ImgMsg", `/files/${ID}`, "/9j"])
  assert.equal(messageOf({ ...answer, kind: "file" }).content.type, "png")
  assert.equal(messageOf({ ...answer, kind: "voice" }, 14).type, "RC:HQVCMsg")
})

test("a picture's box is known before the picture is", () => {
  assert.deepEqual(box(800, 600), { width: 240, height: 180 })
  assert.deepEqual(box(30, 20), { width: 88, height: 64 })
  assert.deepEqual(box(0, 0), { width: 200, height: 150 })
})

test("sizes and long names are short", () => {
  assert.equal(sizeWords(214 * 1024, "en"), "214 KB")
  assert.equal(sizeWords(6.8 * 1024 * 1024, "en"), "6.8 MB")
  assert.equal(middle("Repair-note-Anna-Lindqvist-1240.pdf"), "Repair-note…t-1240.pdf")
})

test("req_4_8 the panel has 128 emoji, found by name in both languages", () => {
  const all = Object.values(EMOJI).flat()
  assert.equal(all.length, 128)
  assert.equal(new Set(all.map(({ sign }) => sign)).size, 128)
  assert.deepEqual(
    found("party popper").map(({ sign }) => sign),
    ["🎉"],
  )
  assert.equal(found("笑哭")[0]?.sign, "😂")
  assert.deepEqual(found("no such thing"), [])
})

test("req_4_9 and req_4_10 emoji are native characters, every one", () => {
  for (const { sign } of Object.values(EMOJI).flat()) assert.match(sign, /^\p{RGI_Emoji}$/v)
})

test("req_4_5 nothing sounds before a gesture, nor when muted", () => {
  let contexts = 0
  let started = 0
  const part = () => ({
    connect: (/** @type {any} */ next) => next,
    gain: { setValueAtTime() {}, linearRampToValueAtTime() {}, setTargetAtTime() {} },
    frequency: {},
    start: () => started++,
    stop() {},
  })
  class FakeAudio {
    state = "running"
    currentTime = 0
    sampleRate = 8000
    constructor() {
      contexts++
    }
    resume = async () => {}
    createGain = part
    createOscillator = part
    createBufferSource = part
    createBuffer = () => ({ getChannelData: () => new Float32Array(24) })
  }
  Reflect.set(globalThis, "AudioContext", FakeAudio)
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true })
  const page = new EventTarget()
  const sounds = new Sounds(/** @type {Document} */ (page))
  sounds.play("knock")
  assert.deepEqual([contexts, started], [0, 0])
  page.dispatchEvent(new Event("pointerdown"))
  sounds.muted = true
  sounds.play("knock")
  assert.equal(started, 0)
  sounds.muted = false
  sounds.play("knock")
  assert.ok(started > 0)
})
