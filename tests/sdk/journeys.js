// What clients of the published SDK do, one journey each.

import { CHATROOM, check, GROUP, PRIVATE, SERVICE, SYSTEM, same, TEXT, until } from "/sdk/troupe.js"

export const journeys = {
  /** Connecting, the states a page hears of, and what a wrong token is told. */
  async connects_and_a_wrong_token_does_not(t) {
    const alice = await t.person("alice")
    const answer = await alice.connects()
    same(answer.id, "alice")
    await alice.hears("status", (event) => event.status === 0, "connected")
    same(alice.im.getConnectionUserId(), "alice")
    check(Math.abs(alice.im.getServerTime() - Date.now()) < 10_000, "the server's time is known")
    const stranger = await t.person("bob")
    const code = await stranger.refused(stranger.im.connect({ token: "no such token" }), "connect")
    same(code, 31004)
    await alice.im.disconnect()
    await alice.hears("status", (event) => event.status === 2, "disconnected")
    await alice.connects()
    await alice.says(PRIVATE, "bob", "back again")
  },

  /** Two users write to each other; every field that pages look at is there, on both sides. */
  async two_users_write_to_each_other(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const sent = await alice.says(PRIVATE, "bob", "Where is my lamp?", {})
    check(/^\w{4}-\w{4}-\w{4}-\w{4}$/.test(sent.messageUId), "an id", sent)
    const got = await bob.sees("Where is my lamp?")
    same([got.senderUserId, got.targetId, got.type], ["alice", "alice", PRIVATE])
    same([got.messageUId, got.sentTime, got.messageType], [sent.messageUId, sent.sentTime, TEXT])
    same([got.messageDirection, got.isOffLineMessage, got.isPersited, got.isCounted], [2, false, true, true])
    same([sent.messageDirection, sent.senderUserId, sent.targetId], [1, "alice", "bob"])
    await bob.says(PRIVATE, "alice", "On its way", {})
    const back = await alice.sees("On its way")
    same([back.senderUserId, back.targetId], ["bob", "bob"])
    const odd = "😀 👩‍👩‍👧‍👦 𝒳 \u{10FFFD} end"
    await alice.says(PRIVATE, "bob", odd)
    await bob.sees(odd)
    const custom = {
      messageType: "shop:card",
      content: { price: 12, nested: { a: [1, "😀"] } },
      isPersited: true,
      isCounted: true,
    }
    await alice.conversation(PRIVATE, "bob").send(custom)
    const card = await bob.seesType("shop:card")
    same(card.content, custom.content)
    for (let n = 1; n <= 10; n++) await alice.says(PRIVATE, "bob", `row ${n}`)
    await bob.sees("row 10")
    same(
      bob.texts().filter((text) => text.startsWith("row")),
      Array.from({ length: 10 }, (_, n) => `row ${n + 1}`),
    )
  },

  /** Every kind of conversation. */
  async every_kind_of_conversation(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    await t.group("team", ["alice", "bob", "carol"])
    await alice.says(GROUP, "team", "to the group")
    const inGroup = await bob.sees("to the group")
    same([inGroup.type, inGroup.targetId, inGroup.senderUserId], [GROUP, "team", "alice"])
    const mention = { isMentioned: true, mentionedType: 2, mentionedUserIdList: ["bob"] }
    await alice.says(GROUP, "team", "you there?", {
      ...mention,
      content: { content: "you there?", mentionedInfo: { type: 2, userIdList: ["bob"], mentionedContent: "" } },
    })
    const called = await bob.sees("you there?")
    same([called.isMentioned, called.content.mentionedInfo.userIdList], [true, ["bob"]])
    const some = { directionalUserIdList: ["bob"] }
    await alice.says(GROUP, "team", "only for bob", some)
    await bob.sees("only for bob")
    const content = { content: "from the house" }
    await t.backEnd("POST", "/v1/messages", { system: ["bob"], type: TEXT, content })
    const system = await bob.sees("from the house")
    same([system.type, system.senderUserId, system.targetId], [SYSTEM, "system", "system"])
    const refused = await alice.refused(
      alice.conversation(GROUP, "nowhere").send({ messageType: TEXT, content: { content: "x" } }),
      "send to a group one is not in",
    )
    same(refused, 22406)
  },

  /** What was sent while somebody was away comes by the first pull, once and in order, and is marked. */
  async what_was_missed_comes_by_the_first_pull(t) {
    const alice = await t.connected("alice")
    const early = await t.connected("bob")
    await alice.says(PRIVATE, "bob", "while you are here")
    await early.sees("while you are here")
    await early.im.disconnect()
    early.leaves()
    for (let n = 1; n <= 45; n++) await alice.says(PRIVATE, "bob", `missed ${n}`)
    const bob = await t.connected("bob")
    await bob.hears("pullFinished", () => true)
    const last = await bob.sees("missed 45")
    same(last.isOffLineMessage, true)
    const missed = bob.texts().filter((text) => text.startsWith("missed"))
    same(
      missed,
      Array.from({ length: 45 }, (_, n) => `missed ${n + 1}`),
    )
    check(!bob.texts().includes("while you are here"), "what was heard before comes again", bob.texts())
    await alice.says(PRIVATE, "bob", "and now live")
    same((await bob.sees("and now live")).isOffLineMessage, false)
  },

  /** 45 messages are paged through as 20, 20 and 5; and forwards. */
  async history_goes_in_pages(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    for (let n = 1; n <= 45; n++) await alice.says(PRIVATE, "bob", `line ${n}`)
    await bob.sees("line 45")
    for (const [who, other] of [
      [bob, "alice"],
      [alice, "bob"],
    ]) {
      const talk = who.conversation(PRIVATE, other)
      const pages = []
      let timestamp = 0
      for (;;) {
        const page = await who.within(talk.getMessages({ timestamp, count: 20 }), "history")
        pages.push(page.list.map((message) => message.content.content))
        timestamp = page.list[0]?.sentTime
        if (!page.hasMore) break
        check(pages.length < 5, "history has no end", pages)
      }
      same(
        pages.map((page) => page.length),
        [20, 20, 5],
        "sizes",
      )
      const lines = Array.from({ length: 45 }, (_, n) => `line ${n + 1}`)
      same([pages[2], pages[1], pages[0]].flat(), lines, "in order, each once")
      const forward = await who.within(talk.getMessages({ timestamp: 1, count: 20, order: 1 }), "history forwards")
      same(
        forward.list.map((message) => message.content.content),
        lines.slice(0, 20),
      )
      same(forward.hasMore, true)
    }
  },

  /** The list of conversations, unread counts, clearing them, and taking one out of the list. */
  async lists_and_unread_counts(t) {
    const [alice, bob, carol] = [await t.connected("alice"), await t.connected("bob"), await t.connected("carol")]
    await t.group("team", ["alice", "bob"])
    for (const n of [1, 2, 3]) await alice.says(PRIVATE, "bob", `unread ${n}`)
    await carol.says(PRIVATE, "bob", "from carol")
    await alice.says(GROUP, "team", "in the group")
    await bob.sees("in the group")
    const counts = async () => {
      const list = await bob.within(bob.im.Conversation.getList({ count: 100 }), "list")
      return list.map((one) => [one.type, one.targetId, one.unreadMessageCount])
    }
    same(await counts(), [
      [GROUP, "team", 1],
      [PRIVATE, "carol", 1],
      [PRIVATE, "alice", 3],
    ])
    const list = await bob.im.Conversation.getList({ count: 1 })
    same([list.length, list[0].latestMessage.content.content], [1, "in the group"])
    same(await bob.im.Conversation.getTotalUnreadCount(), 5)
    same(await bob.conversation(PRIVATE, "alice").getUnreadCount(), 3)
    await bob.within(bob.conversation(PRIVATE, "alice").read(), "read")
    same(await bob.conversation(PRIVATE, "alice").getUnreadCount(), 0)
    same(await bob.im.Conversation.getTotalUnreadCount(), 2)
    await alice.says(PRIVATE, "bob", "one more")
    await bob.sees("one more")
    same(await bob.conversation(PRIVATE, "alice").getUnreadCount(), 1)
    await bob.within(bob.conversation(PRIVATE, "carol").destory(), "remove")
    check(!(await counts()).some(([, target]) => target === "carol"), "it is still in the list", await counts())
    await carol.says(PRIVATE, "bob", "again")
    await bob.sees("again")
    check(
      (await counts()).some(([, target]) => target === "carol"),
      "a new message brings it back",
    )
  },

  /** Pinning and muting. */
  async pins_and_mutes(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    await alice.says(PRIVATE, "bob", "hello")
    await bob.sees("hello")
    const talk = bob.conversation(PRIVATE, "alice")
    await bob.within(talk.setStatus({ notificationStatus: 1, isTop: true }), "set status")
    const [one] = await bob.im.Conversation.getList({ count: 10 })
    same([one.isTop, one.notificationStatus], [true, 1])
  },

  /** Taking a message back: everybody hears it, history has it no more. */
  async a_message_is_taken_back(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const sent = await alice.says(PRIVATE, "bob", "a slip")
    await bob.sees("a slip")
    const { messageUId, sentTime } = sent
    await alice.within(alice.conversation(PRIVATE, "bob").recall({ messageUId, sentTime }), "recall")
    const recall = await bob.seesType("RC:RcCmd")
    same(recall.content.messageUId, messageUId)
    const page = await bob.within(
      bob.conversation(PRIVATE, "alice").getMessages({ timestamp: 0, count: 20 }),
      "history",
    )
    check(!JSON.stringify(page.list).includes("a slip"), "history still has it", page.list)
  },

  /** What was taken back while somebody was away is told when they are here again. */
  async what_was_taken_back_while_away_is_told(t) {
    const [alice, early] = [await t.connected("alice"), await t.connected("bob")]
    const { messageUId, sentTime } = await alice.says(PRIVATE, "bob", "a slip")
    await early.sees("a slip")
    await early.im.disconnect()
    early.leaves()
    await alice.within(alice.conversation(PRIVATE, "bob").recall({ messageUId, sentTime }), "recall")
    await alice.says(PRIVATE, "bob", "what I meant")
    const bob = await t.connected("bob")
    const recall = await bob.seesType("RC:RcCmd")
    same([recall.content.messageUId, recall.senderUserId, recall.targetId], [messageUId, "alice", "alice"])
    await bob.sees("what I meant")
    const told = bob.page.heard.message.filter((one) => one.message.messageType === "RC:RcCmd")
    same(told.length, 1)
  },

  /** Receipts in private. */
  async receipts_in_private(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const sent = await alice.says(PRIVATE, "bob", "read me")
    const got = await bob.sees("read me")
    const receipt = {
      messageType: "RC:ReadNtf",
      content: { messageUId: got.messageUId, lastMessageSendTime: got.sentTime, type: 1 },
    }
    await bob.within(bob.conversation(PRIVATE, "alice").send(receipt), "receipt")
    const heard = await alice.seesType("RC:ReadNtf")
    same([heard.senderUserId, heard.content.messageUId], ["bob", sent.messageUId])
  },

  /** Receipts in a group: asked for, given, told to who asked. */
  async receipts_in_a_group(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    await t.group("team", ["alice", "bob"])
    const sent = await alice.says(GROUP, "team", "who reads this?")
    await bob.sees("who reads this?")
    const ask = { messageType: "RC:RRReqMsg", content: { messageUId: sent.messageUId } }
    await alice.within(alice.conversation(GROUP, "team").send(ask), "request")
    const asked = await bob.seesType("RC:RRReqMsg")
    same(asked.content.messageUId, sent.messageUId)
    const answer = { messageType: "RC:RRRspMsg", content: { receiptMessageDic: { alice: [sent.messageUId] } } }
    await bob.within(bob.conversation(GROUP, "team").send(answer), "response")
    const told = await alice.seesType("RC:RRRspMsg")
    same(told.content.receiptMessageDic.alice, [sent.messageUId])
  },

  /** Several devices: what comes reaches all of them, and so does what one of them sends. */
  async several_devices_know_the_same(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const phone = await t.connected("bob")
    await alice.says(PRIVATE, "bob", "to both")
    await bob.sees("to both")
    await phone.sees("to both")
    await phone.says(PRIVATE, "alice", "from my phone")
    const own = await bob.sees("from my phone")
    same([own.messageDirection, own.senderUserId, own.targetId], [1, "bob", "alice"])
    await alice.sees("from my phone")
  },

  /** What was read on one device is read on the other. */
  async what_one_device_read_counts_nowhere(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const phone = await t.connected("bob")
    await alice.says(PRIVATE, "bob", "one")
    await alice.says(PRIVATE, "bob", "two")
    const last = await bob.sees("two")
    await phone.sees("two")
    const unread = () => bob.conversation(PRIVATE, "alice").getUnreadCount()
    await until("two to be counted", async () => (await unread()) === 2)
    await phone.within(
      phone.conversation(PRIVATE, "alice").send({
        messageType: "RC:SRSMsg",
        content: { lastMessageSendTime: last.sentTime },
      }),
      "tell what was read",
    )
    await until("none to be counted", async () => (await unread()) === 0)
  },

  /** One device at a time: the newest connection ends the older one. */
  async another_device_ends_the_first(t) {
    const [first, alice] = [await t.connected("bob"), await t.connected("alice")]
    const second = await t.connected("bob")
    await first.hears("status", (event) => event.status === 6, "ended by another device")
    await alice.says(PRIVATE, "bob", "which of you?")
    await second.sees("which of you?")
    check(!first.texts().includes("which of you?"), "the first one still hears")
  },

  /** A chatroom: joining, what was said before, messages, who is inside, leaving. */
  async a_chatroom_is_joined_and_left(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    await alice.within(alice.room("lobby").join({ count: 10 }), "join")
    for (const n of [1, 2, 3]) await alice.says(CHATROOM, "lobby", `said ${n}`)
    await bob.within(bob.room("lobby").join({ count: 2 }), "join")
    const before = await bob.sees("said 3")
    same([before.type, before.targetId, before.senderUserId], [CHATROOM, "lobby", "alice"])
    check(!bob.texts().includes("said 1"), "more than asked for", bob.texts())
    await bob.says(CHATROOM, "lobby", "hello all")
    const heard = await alice.sees("hello all")
    same([heard.senderUserId, heard.targetId], ["bob", "lobby"])
    await alice.says(CHATROOM, "lobby", "hello bob")
    await bob.sees("hello bob")
    const info = await alice.within(alice.room("lobby").getInfo({ count: 10, order: 1 }), "info")
    same(info.userCount, 2)
    same(info.userInfos.map((one) => one.id).sort(), ["alice", "bob"])
    await bob.within(bob.room("lobby").quit(), "quit")
    const refused = await bob.refused(
      bob.room("lobby").send({ messageType: TEXT, content: { content: "x" } }),
      "send from outside",
    )
    same(refused, 23406)
    await until(
      "one to be left",
      async () => (await alice.room("lobby").getInfo({ count: 0, order: 1 })).userCount === 1,
    )
  },

  /** A chatroom's attributes. */
  async a_chatroom_has_attributes(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    for (const one of [alice, bob]) await one.within(one.room("lobby").join({ count: 0 }), "join")
    await alice.within(alice.room("lobby").setEntry({ key: "seat1", value: "alice" }), "set")
    await until("the attribute", async () => {
      const all = await bob
        .room("lobby")
        .getAllEntries()
        .catch(() => ({}))
      return all.seat1 === "alice"
    })
    same(await alice.within(alice.room("lobby").getEntry("seat1"), "get"), "alice")
    const taken = await bob.refused(bob.room("lobby").setEntry({ key: "seat1", value: "bob" }), "set another's")
    same(taken, 23424)
    await bob.within(bob.room("lobby").forceSetEntry({ key: "seat1", value: "bob" }), "force")
    await until("the new value", async () => (await alice.room("lobby").getEntry("seat1")) === "bob")
    const several = {
      entries: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    }
    await alice.within(alice.room("lobby").setEntries(several), "set several")
    await until("both", async () => {
      const all = await bob.room("lobby").getAllEntries()
      return all.a === "1" && all.b === "2"
    })
    await alice.within(alice.room("lobby").removeEntries({ entries: ["a", "b"] }), "remove several")
    await bob.within(bob.room("lobby").removeEntry({ key: "seat1" }), "remove")
    await until("it to be gone", async () => {
      const all = await alice
        .room("lobby")
        .getAllEntries()
        .catch(() => ({}))
      return !("seat1" in all)
    })
  },

  /** The page back of a chatroom, where the app keeps it. */
  async a_chatroom_has_no_history_unless_the_app_keeps_it(t) {
    const alice = await t.connected("alice")
    await alice.within(alice.room("lobby").join({ count: 0 }), "join")
    await alice.says(CHATROOM, "lobby", "before")
    const refused = await alice.refused(alice.room("lobby").getMessages({ timestamp: 0, count: 20 }), "history")
    check([23413, 23414].includes(refused), "the number", refused)
    await t.backEnd("PATCH", "/v1/app", { features: { chatroom_history: true } })
    const page = await until("the history", async () =>
      alice
        .room("lobby")
        .getMessages({ timestamp: 0, count: 20 })
        .catch(() => null),
    )
    same(
      page.list.map((message) => message.content.content),
      ["before"],
    )
  },

  /** Typing is told while it happens and is kept nowhere. */
  async typing_is_told(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    await alice.says(PRIVATE, "bob", "first")
    await bob.sees("first")
    await alice.within(alice.conversation(PRIVATE, "bob").sendTypingStatusMessage(TEXT), "typing")
    const told = await bob.hears("typingStatus", (event) => event.some((one) => one.targetId === "alice"), "typing")
    same(told[0].list[0].userId, "alice")
    const page = await bob.conversation(PRIVATE, "alice").getMessages({ timestamp: 0, count: 20 })
    same(
      page.list.map((message) => message.content.content),
      ["first"],
    )
  },

  /** Deleting single messages and clearing a history, for oneself alone. */
  async deleting_and_clearing_for_oneself(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const sent = []
    for (const n of [1, 2, 3]) sent.push(await alice.says(PRIVATE, "bob", `keep ${n}`))
    await bob.sees("keep 3")
    const texts = async (who, other) => {
      const page = await who.within(
        who.conversation(PRIVATE, other).getMessages({ timestamp: 0, count: 20 }),
        "history",
      )
      return page.list.map((message) => message.content.content)
    }
    const { messageUId, sentTime } = sent[1]
    await bob.within(
      bob.conversation(PRIVATE, "alice").deleteMessages([{ messageUId, sentTime, messageDirection: 2 }]),
      "delete",
    )
    same(await texts(bob, "alice"), ["keep 1", "keep 3"])
    await bob.within(bob.conversation(PRIVATE, "alice").clearMessages({ timestamp: sent[2].sentTime }), "clear")
    same(await texts(bob, "alice"), [])
    same(await texts(alice, "bob"), ["keep 1", "keep 2", "keep 3"])
  },

  /** Whom somebody blocked and whom the back end silenced hear the documented numbers. */
  async refusals_have_their_numbers(t) {
    const [alice, bob] = [await t.connected("alice"), await t.connected("bob")]
    const text = { messageType: TEXT, content: { content: "x" } }
    await t.backEnd("PATCH", "/v1/users/bob/contacts/blocked", { add: ["alice"] })
    same(await alice.refused(alice.conversation(PRIVATE, "bob").send(text), "send to who blocked"), 405)
    await bob.says(PRIVATE, "alice", "only one way")
    await alice.sees("only one way")
    await t.group("team", ["alice", "bob"])
    await t.backEnd("POST", "/v1/groups/team/silences", { users: ["alice"], minutes: 5 })
    same(await alice.refused(alice.conversation(GROUP, "team").send(text), "send while silenced"), 22408)
  },

  /** The customer service, answered by an agent at the console, who reads "Is anybody there?" and answers "Yes, I am". */
  async an_agent_at_the_console_answers(t) {
    const alice = await t.connected("alice")
    const site = t.setup.site
    const desk = alice.conversation(SERVICE, site)
    const hello = { groupid: "", userInfo: { name: "Alice", nickName: "Alice" } }
    await alice.within(
      desk.send({ messageType: "RC:CsHs", content: hello, isPersited: false, isCounted: false }),
      "handshake",
    )
    const answer = await alice.seesType("RC:CsHsR")
    same(answer.content.status, 1)
    const { sid } = answer.content.data
    await alice.within(desk.send({ messageType: TEXT, content: { content: "Is anybody there?" } }), "question")
    const reply = await alice.sees("Yes, I am")
    same([reply.type, reply.targetId, reply.senderUserId], [SERVICE, site, site])
    await alice.within(desk.send({ messageType: TEXT, content: { content: "Thank you" } }), "thanks")
    const end = await alice.seesType("RC:CsEnd")
    same(end.content.sid, sid)
    const rating = { uid: "alice", sid, pid: "", source: 5, suggest: "", isresolve: 1, type: 1 }
    await alice.within(desk.send({ messageType: "RC:CsEva", content: rating, isPersited: false }), "rating")
    const page = await alice.within(desk.getMessages({ timestamp: 0, count: 20 }), "history")
    const texts = page.list.map((message) => message.content.content).filter(Boolean)
    check(texts.includes("Is anybody there?") && texts.includes("Yes, I am"), "history", texts)
  },
}
