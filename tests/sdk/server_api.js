// Drives the published server SDK against a running server, through every path that the SDK has.
//   node tests/sdk/server_api.js ADDRESS APP_KEY APP_SECRET
// Expects a group discussion `shades` and the demo's app made for it; prints one line of JSON at the end.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import http from "node:http"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const require = createRequire(import.meta.url)
const [address, appkey, secret] = process.argv.slice(2)

// What travels, whatever the SDK says of it.
const asked = new Set()
const signatures = new Set()
const request = http.request
http.request = (...given) => {
  const made = request(...given)
  asked.add(made.path.slice(1).replace(/\.json$/, ""))
  const end = made.end.bind(made)
  made.end = (...rest) => {
    signatures.add(made.getHeader("Signature"))
    return end(...rest)
  }
  return made
}

const { User, Sensitive, Message, Group, Conversation, Chatroom, Push } = require("rongcloud-sdk")({
  appkey,
  secret,
  api: address,
})

/** The paths that the SDK's own tables name. */
function known() {
  const root = join(dirname(require.resolve("rongcloud-sdk/package.json")), "lib")
  const files = readdirSync(root, { recursive: true }).filter((name) => String(name).endsWith("api.json"))
  const paths = new Set()
  for (const file of files) {
    for (const one of Object.values(JSON.parse(readFileSync(join(root, String(file)), "utf8")))) paths.add(one.url)
  }
  return paths
}

const steps = []
const step = (name, work) => steps.push({ name, work })

/** It worked, and the answer says this too. */
async function works(promise, more = {}) {
  const answer = await promise
  assert.equal(answer.code, 200, JSON.stringify(answer))
  for (const [field, value] of Object.entries(more)) assert.deepEqual(answer[field], value, field)
  return answer
}

/** It was refused by the server, with this code and with words. */
async function fails(promise, code) {
  const answer = await promise.catch((error) => error)
  assert.equal(answer.code, code, JSON.stringify(answer))
  assert.ok(answer.msg, JSON.stringify(answer))
}

const portrait = "https://shop.example/face.png"
const text = (words) => ({ content: words })
const member = (id) => ({ id })

step("users are registered and renamed", async () => {
  for (const id of ["nora", "olaf", "pia", "host"]) {
    const made = await works(User.register({ id, name: id.toUpperCase(), portrait }), { userId: id })
    assert.ok(made.token.length > 20)
  }
  await works(User.update({ id: "nora", name: "Nora Berg", portrait }))
  await fails(User.update({ id: "nobody", name: "Nobody", portrait }), 1002)
  await works(User.OnlineStatus.get({ id: "nora" }), { status: "0" })
})

step("users are blocked and listed", async () => {
  await works(User.Block.add({ id: "pia", minute: 10 }))
  const blocked = await works(User.Block.getList())
  assert.deepEqual(
    blocked.users.map((one) => one.id ?? one.userId),
    ["pia"],
  )
  await works(User.Block.remove({ id: "pia" }))
  assert.deepEqual((await works(User.Block.getList())).users, [])
  await works(User.Blacklist.add({ id: "nora", blacklist: [member("pia")] }))
  const black = await works(User.Blacklist.getList({ id: "nora" }))
  assert.deepEqual(black.users ?? black.blacklist, [{ id: "pia" }])
  await works(User.Blacklist.remove({ id: "nora", blacklist: [member("pia")] }))
})

step("users are tagged", async () => {
  await works(User.Tag.set({ id: "nora", tags: ["gold"] }))
  await works(User.Tag.batchSet({ users: [member("olaf"), member("pia")], tags: ["new"] }))
  const found = await works(User.Tag.getList([member("nora"), member("olaf")]))
  assert.deepEqual(found.tags, { nora: ["gold"], olaf: ["new"] })
  await works(User.Tag.remove({ id: "nora" }))
  await works(User.Tag.batchRemove({ users: [member("olaf"), member("pia")] }))
  assert.deepEqual((await works(User.Tag.getList([member("nora")]))).tags, { nora: [] })
})

step("words are kept", async () => {
  await works(Sensitive.add({ keyword: "darn", replace: "****" }))
  await works(Sensitive.add({ keyword: "heck" }))
  const list = await works(Sensitive.getList({ type: 2 }))
  assert.equal((list.words ?? list.keywords).length, 2)
  await works(Sensitive.remove({ keywords: ["darn", "heck"] }))
})

step("private messages are sent and taken back", async () => {
  const sent = await works(
    Message.Private.send({ senderId: "nora", targetId: "olaf", objectName: "RC:TxtMsg", content: text("hello") }),
  )
  const uId = sent.messageUIDs[0].messageUID
  await works(Message.Private.recall({ senderId: "nora", targetId: "olaf", uId, sentTime: Date.now() }))
  await works(
    Message.Private.sendTemplate({
      senderId: "nora",
      objectName: "RC:TxtMsg",
      template: text("Dear {name}: {score}"),
      content: {
        olaf: { data: { "{name}": "Olaf", "{score}": "90" }, push: "hi {name}", pushData: "x" },
        pia: { data: { "{name}": "Pia", "{score}": "95" }, push: "hi {name}", pushData: "x" },
      },
    }),
  )
})

step("groups are made, changed and asked about", async () => {
  await works(Group.create({ id: "lamps", name: "Lamps", members: [member("nora"), member("olaf")] }))
  await works(Group.join({ id: "lamps", name: "Lamps", member: member("pia") }))
  await works(Group.quit({ id: "lamps", member: member("pia") }))
  await works(Group.update({ id: "lamps", name: "Lamps and shades" }))
  const inside = await works(Group.get({ id: "lamps" }))
  assert.deepEqual(
    (inside.members ?? inside.users).map((one) => one.id),
    ["nora", "olaf"],
  )
  await works(Group.sync({ id: "pia", groups: [{ id: "yard", name: "Yard" }] }))
})

step("members are silenced", async () => {
  // The SDK changes what it is given.
  const one = (more = {}) => ({ id: "lamps", members: [member("olaf")], ...more })
  for (const kind of [Group.Gag, Group.Mute.Member]) {
    await works(kind.add(one({ minute: 5 })))
    const list = await works(kind.getList({ id: "lamps" }))
    assert.equal((list.members ?? list.users).length, 1)
    await works(kind.remove(one()))
  }
  await works(Group.Mute.All.add({ groups: [member("lamps")] }))
  await works(Group.Mute.All.getList({ groups: [member("lamps")] }))
  await works(Group.Mute.Whitelist.add(one()))
  await works(Group.Mute.Whitelist.getList({ id: "lamps" }))
  await works(Group.Mute.Whitelist.remove(one()))
  await works(Group.Mute.All.remove({ groups: [member("lamps")] }))
})

step("groups and discussions hear messages", async () => {
  const said = (more) => ({ senderId: "nora", targetId: "lamps", objectName: "RC:TxtMsg", ...more })
  const sent = await works(Message.Group.send(said({ content: text("to all") })))
  const uId = sent.messageUIDs[0].messageUID
  const mentioned = { type: 2, userIds: ["olaf"], pushContent: "you" }
  await works(Message.Group.sendMention(said({ content: { content: "you", mentionedInfo: mentioned } })))
  await works(Message.Group.recall({ senderId: "nora", targetId: "lamps", uId, sentTime: Date.now() }))
  await works(Message.Discussion.send(said({ targetId: "shades", content: text("hello") })))
  await fails(Message.Group.send(said({ targetId: "nowhere", content: text("hello") })), 1002)
})

step("the system speaks", async () => {
  const said = { senderId: "__SYSTEM__", objectName: "RC:TxtMsg" }
  await works(Message.System.send({ ...said, targetId: "olaf", content: text("note") }))
  await works(Message.System.broadcast({ ...said, content: text("to everybody") }), {})
  const data = { "{name}": "Olaf" }
  await works(
    Message.System.sendTemplate({ ...said, template: text("Dear {name}"), content: { olaf: { data, push: "hi" } } }),
  )
})

step("chatrooms are made and asked about", async () => {
  await works(
    Chatroom.create([
      { id: "hall", name: "Hall" },
      { id: "attic", name: "Attic" },
    ]),
  )
  const found = await works(Chatroom.get({ id: "hall", count: 10, order: 1 }))
  assert.equal(found.total, 0)
  const exist = await works(Chatroom.isExist({ id: "hall", members: [member("nora")] }))
  assert.equal((exist.members ?? exist.result).length, 1)
  await works(
    Message.Chatroom.send({ senderId: "host", targetId: "hall", objectName: "RC:TxtMsg", content: text("welcome") }),
  )
  await works(Message.Chatroom.broadcast({ senderId: "host", objectName: "RC:TxtMsg", content: text("all") }))
  await works(Chatroom.destroy({ id: "attic" }))
  await fails(Chatroom.get({ id: "attic", count: 10, order: 1 }), 1002)
})

step("rights in chatrooms are given and taken", async () => {
  const one = (more = {}) => ({ id: "hall", members: [member("olaf")], ...more })
  for (const kind of [Chatroom.Block, Chatroom.Gag]) {
    await works(kind.add(one({ minute: 5 })))
    assert.equal((await works(kind.getList({ id: "hall" }))).members.length, 1)
    await works(kind.remove(one()))
  }
  await works(Chatroom.Ban.add({ members: [member("olaf")], minute: 5 }))
  assert.equal((await works(Chatroom.Ban.getList())).members.length, 1)
  await works(Chatroom.Ban.remove({ members: [member("olaf")] }))
  await works(Chatroom.Whitelist.User.add(one()))
  await works(Chatroom.Whitelist.User.getList({ id: "hall" }))
  await works(Chatroom.Whitelist.User.remove(one()))
})

step("rules of chatrooms are kept", async () => {
  const msgs = ["RC:VcMsg", "RC:ImgMsg"]
  for (const kind of [Chatroom.Demotion, Chatroom.Whitelist.Message]) {
    await works(kind.add({ msgs }))
    const list = await works(kind.getList())
    assert.deepEqual([...list.objectNames].sort(), [...msgs].sort())
    await works(kind.remove({ msgs }))
  }
  await works(Chatroom.Distribute.stop({ id: "hall" }))
  await works(Chatroom.Distribute.resume({ id: "hall" }))
  await works(Chatroom.KeepAlive.add({ id: "hall" }))
  assert.deepEqual((await works(Chatroom.KeepAlive.getList())).chatrooms, ["hall"])
  await works(Chatroom.KeepAlive.remove({ id: "hall" }))
})

step("conversations are muted", async () => {
  const one = { type: "PRIVATE", userId: "olaf", targetId: "nora" }
  await works(Conversation.mute({ ...one }))
  await works(Conversation.unmute({ ...one }))
})

step("history is asked for", async () => {
  await works(Message.History.get({ date: 2020010100 }), { url: "", date: "2020010100" })
  await works(Message.History.remove({ date: 2020010100 }))
})

step("pushes are taken", async () => {
  const notification = { alert: "hello", ios: { title: "x" }, android: { alert: "y" } }
  await works(Push.push({ platform: ["ios", "android"], audience: { tag: ["gold"], is_to_all: false }, notification }))
  const message = { content: JSON.stringify(text("hello")), objectName: "RC:TxtMsg" }
  const audience = { userid: ["olaf"], is_to_all: false }
  await works(Push.message({ platform: ["ios"], fromUserId: "host", audience, message, notification }))
})

step("a group ends", async () => {
  await works(Group.dismiss({ id: "lamps", member: member("nora") }))
})

for (const { name, work } of steps) {
  await work().catch((error) => {
    process.stderr.write(`${name}: ${error?.stack ?? JSON.stringify(error)}\n`)
    process.exit(1)
  })
}
const missing = [...known()].filter((path) => !asked.has(path))
assert.deepEqual(missing, [], "every path that the SDK has was asked")
assert.equal(signatures.size, 1, "this SDK signs once per process")
process.stdout.write(`${JSON.stringify({ paths: asked.size, steps: steps.length })}\n`)
