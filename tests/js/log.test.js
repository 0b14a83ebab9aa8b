import assert from "node:assert/strict"
import { test } from "node:test"

import { MessageLog } from "../../static/shared/models/log.js"

/** @param {number} seq */
const message = (seq) => ({
  uid: `u${seq}`,
  conversation: "c",
  seq,
  at: seq,
  from: anna,
  client_id: null,
  type: "RC:TxtMsg",
  content: {},
})
const anna = { id: "anna", name: "Anna", role: /** @type {const} */ ("agent") }
/** @param {MessageLog} log */
const seqs = (log) => log.messages.map(({ seq }) => seq)

test("messages are kept in their order", () => {
  const log = new MessageLog()
  for (const seq of [1, 2, 3]) assert.equal(log.receive(message(seq)), "added")
  assert.deepEqual(seqs(log), [1, 2, 3])
})

test("a message that comes twice is known", () => {
  const log = new MessageLog()
  log.receive(message(1))
  assert.equal(log.receive(message(1)), "known")
  assert.deepEqual(seqs(log), [1])
})

test("a hole is told, and closed by what was missing", () => {
  const log = new MessageLog()
  log.receive(message(1))
  assert.equal(log.receive(message(4)), "hole")
  assert.equal(log.receive(message(3)), "hole")
  assert.deepEqual(seqs(log), [1])
  log.fill([message(2)])
  assert.deepEqual(seqs(log), [1, 2, 3, 4])
  assert.equal(log.broken, false)
})

test("any order of arrival gives the same log", () => {
  for (let round = 0; round < 200; round++) {
    const log = new MessageLog()
    log.reset(1, [message(1)], false)
    const arrivals = Array.from({ length: 12 }, (_, index) => index + 2).sort(() => Math.random() - 0.5)
    for (const seq of [...arrivals, ...arrivals]) log.receive(message(seq))
    assert.deepEqual(
      seqs(log),
      Array.from({ length: 13 }, (_, index) => index + 1),
    )
  }
})

test("older pages join in front, without doubles", () => {
  const log = new MessageLog()
  log.reset(1, [message(5), message(6)], true)
  log.prepend({ head: { epoch: 1, seq: 6 }, messages: [message(3), message(4), message(5)], more: true })
  assert.deepEqual(seqs(log), [3, 4, 5, 6])
  assert.equal(log.more, true)
})

test("an older page that does not join is refused", () => {
  const log = new MessageLog()
  log.reset(1, [message(9)], true)
  log.prepend({ head: { epoch: 1, seq: 9 }, messages: [message(2)], more: false })
  assert.deepEqual(seqs(log), [9])
})

test("a rewritten order replaces everything", () => {
  const log = new MessageLog()
  log.reset(1, [message(1), message(2)], false)
  assert.equal(log.follow({ epoch: 2, seq: 1 }), true)
  log.reset(2, [message(1)], false)
  assert.deepEqual(seqs(log), [1])
})

test("messages without a place never enter", () => {
  const log = new MessageLog()
  assert.equal(log.receive({ ...message(1), seq: null }), "known")
  assert.deepEqual(seqs(log), [])
})

test("a message that was taken back is replaced in its place, held or still early", () => {
  const log = new MessageLog()
  for (const seq of [1, 2, 5]) log.receive(message(seq))
  for (const seq of [2, 5, 9]) log.replace({ ...message(seq), type: "RC:RcCmd" })
  log.fill([message(3), message(4)])
  assert.deepEqual(
    log.messages.map(({ type }) => type === "RC:RcCmd"),
    [false, true, false, false, true],
  )
})
