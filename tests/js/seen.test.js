import assert from "node:assert/strict"
import { beforeEach, mock, test } from "node:test"

import { Seen } from "../../static/widget/models/seen.js"

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ["setTimeout"] })
})

/** @param {{ read: number, unread: number }} mine */
function looker(mine) {
  const calls = { read: /** @type {number[]} */ ([]), changed: 0 }
  const seen = new Seen({
    read: (seq) => {
      calls.read.push(seq)
      mine.read = seq
      mine.unread = 0
    },
    changed: () => calls.changed++,
  })
  return { seen, calls }
}

test("what was in sight for a second is read", () => {
  const mine = { read: 0, unread: 2 }
  const { seen, calls } = looker(mine)
  seen.update(mine, () => 2)
  mock.timers.tick(999)
  assert.deepEqual(calls.read, [])
  mock.timers.tick(1)
  assert.deepEqual(calls.read, [2])
})

test("a steady stream of messages does not put reading off for ever", () => {
  const mine = { read: 0, unread: 1 }
  const { seen, calls } = looker(mine)
  let newest = 0
  for (newest = 1; newest <= 10; newest++) {
    seen.update(mine, () => newest)
    mock.timers.tick(300)
  }
  assert.deepEqual(calls.read, [4, 8])
})

test("looking away within the second reads nothing", () => {
  const mine = { read: 0, unread: 1 }
  const { seen, calls } = looker(mine)
  seen.update(mine, () => 1)
  seen.update(undefined, () => 0)
  mock.timers.tick(5_000)
  assert.deepEqual(calls.read, [])
})

test("the line of the unread goes when everything was seen for three seconds", () => {
  const mine = { read: 3, unread: 2 }
  const { seen, calls } = looker(mine)
  assert.equal(seen.begin(mine), true)
  assert.equal(seen.unreadFrom, 4)
  seen.update(mine, () => 5)
  mock.timers.tick(1_000)
  seen.update(mine, () => 5)
  mock.timers.tick(3_000)
  assert.equal(seen.unreadFrom, 0)
  assert.equal(calls.changed, 1)
})
