import { MessageLog } from "../../shared/models/log.js"

/** @import { Conversation, Desk, Gap, Message, Page, Participant, Person, Push, Since, Welcome } from "../../shared/net/protocol.js" */

const TYPING_MS = 8_000

/**
 * Everything this visitor's frame knows: who they are, who is at the desk, their conversations and messages.
 * Pure: takes in what the server says, answers what is so.
 */
export class Chat {
  /** @type {Person | null} */
  me = null
  /** @type {Desk} */
  desk = { online: false, agents: [], waiting: 0, mine: 0 }
  /** @type {Map<string, Conversation>} */
  #conversations = new Map()
  /** How new each conversation was when the server last told how it stands. @type {Map<string, number>} */
  #toldAt = new Map()
  /** @type {Map<string, MessageLog>} */
  #logs = new Map()
  /** @type {Map<string, { person: Person, until: number }>} */
  #typing = new Map()

  /**
   * What the page brought with it.
   * @param {{ me: Person | null, desk: Desk, conversations: Conversation[], page: Page | null }} start
   */
  constructor({ me, desk, conversations, page }) {
    this.me = me
    this.desk = desk
    for (const conversation of conversations) this.take(conversation)
    const { running } = this
    if (running && page) this.log(running.id).reset(page.head.epoch, page.messages, page.more)
  }

  /** @returns {Conversation[]} newest change first */
  get conversations() {
    return [...this.#conversations.values()].sort((a, b) => b.changed_at - a.changed_at)
  }

  /** @returns {Conversation | undefined} the one that takes messages */
  get running() {
    return this.conversations.find(isOpen)
  }

  /** @returns {number} messages of others that were not seen */
  get unread() {
    return this.conversations.reduce((sum, conversation) => sum + (this.mine(conversation)?.unread ?? 0), 0)
  }

  /** @param {string | null} id */
  conversation(id) {
    return id === null ? undefined : this.#conversations.get(id)
  }

  /**
   * @param {string} id
   * @returns {MessageLog} empty when nothing was fetched yet
   */
  log(id) {
    let log = this.#logs.get(id)
    if (!log) this.#logs.set(id, (log = new MessageLog()))
    return log
  }

  /**
   * @param {Conversation} conversation
   * @returns {Participant | undefined} the visitor's own place in it
   */
  mine(conversation) {
    return conversation.participants.find(({ id }) => id === this.me?.id)
  }

  /**
   * @param {Conversation | undefined} conversation
   * @returns {Participant | undefined} the agent who has or had it
   */
  agent(conversation) {
    const stage = conversation?.service?.stage
    const id = stage && "agent" in stage ? stage.agent : null
    return conversation?.participants.find((participant) => participant.id === id)
  }

  /**
   * @param {string} id
   * @param {number} now
   * @returns {Person | undefined} who types there
   */
  typist(id, now) {
    const typing = this.#typing.get(id)
    return typing && typing.until > now ? typing.person : undefined
  }

  /** @returns {Since[]} what we have, for resuming */
  get since() {
    const held = [...this.#logs].filter(([, log]) => log.epoch > 0 && log.last > 0)
    return held.slice(-128).map(([conversation, log]) => ({ conversation, epoch: log.epoch, seq: log.last }))
  }

  /**
   * @param {Welcome} welcome
   * @returns {string[]} conversations of which something is still missing
   */
  welcome({ me, desk, conversations, gaps }) {
    this.me = me
    this.desk = desk
    for (const conversation of conversations) this.take(conversation)
    for (const gap of gaps) this.#close(gap)
    const held = this.conversations.filter(({ id }) => (this.#logs.get(id)?.epoch ?? 0) > 0)
    return held.filter(({ id, head }) => this.log(id).last < head.seq || this.log(id).broken).map(({ id }) => id)
  }

  /**
   * @param {Push} push
   * @param {number} now
   * @returns {string | null} a conversation of which something is missing
   */
  hear(push, now) {
    switch (push.push) {
      case "message":
        return this.receive(push.body)
      case "recalled":
        this.#replace(push.body)
        return null
      case "receipt":
        this.#mark(push.body)
        return null
      case "typing":
        if (push.body.on) this.#typing.set(push.body.conversation, { person: push.body.person, until: now + TYPING_MS })
        else this.#typing.delete(push.body.conversation)
        return null
      case "conversation":
        this.take(push.body)
        return null
      case "desk":
        this.desk = push.body
        return null
      case "presence":
        this.#seen(push.body)
        return null
      default:
        return null // of a later version
    }
  }

  /**
   * @param {Message} message
   * @returns {string | null} its conversation, when something of that is missing
   */
  receive(message) {
    if (message.seq === null) return null
    const log = this.log(message.conversation)
    const outcome = log.receive(message)
    const conversation = this.#conversations.get(message.conversation)
    if (conversation) {
      log.follow(conversation.head)
      this.#raise(conversation, message, outcome)
    }
    if (message.from.id !== this.me?.id) this.#typing.delete(message.conversation)
    return outcome === "hole" || !conversation ? message.conversation : null
  }

  /** @param {{ user: string, online: boolean }} presence of the agent who answers */
  #seen({ user, online }) {
    for (const { participants } of this.#conversations.values())
      for (const participant of participants) if (participant.id === user) participant.online = online
  }

  /** @param {Message} message which stands in the place of an earlier one */
  #replace(message) {
    this.log(message.conversation).replace(message)
    const conversation = this.#conversations.get(message.conversation)
    if (conversation?.last?.seq === message.seq) conversation.last = message
  }

  /**
   * A conversation as the server sees it now. Watermarks never go back, and what comes late changes nothing.
   * @param {Conversation} conversation
   */
  take(conversation) {
    const known = this.#conversations.get(conversation.id)
    const sameOrder = known?.head.epoch === conversation.head.epoch
    if (sameOrder && conversation.changed_at < (this.#toldAt.get(conversation.id) ?? 0)) return
    this.#toldAt.set(conversation.id, conversation.changed_at)
    for (const participant of conversation.participants) {
      const before = known?.participants.find(({ id }) => id === participant.id)
      if (!before) continue
      if (before.read > participant.read) Object.assign(participant, { read: before.read, unread: before.unread })
      participant.delivered = Math.max(participant.delivered, before.delivered)
    }
    if (!conversation.last && known?.last) conversation.last = known.last
    this.#conversations.set(conversation.id, conversation)
    const log = this.#logs.get(conversation.id)
    if (log?.follow(conversation.head)) this.#logs.delete(conversation.id)
  }

  /**
   * The visitor has seen everything up to here.
   * @param {string} id
   * @param {number} seq
   */
  read(id, seq) {
    const mine = this.#conversations.get(id) && this.mine(/** @type {Conversation} */ (this.#conversations.get(id)))
    if (!mine || seq <= mine.read) return
    mine.read = seq
    mine.unread = this.log(id).messages.filter((message) => this.counts(message) && (message.seq ?? 0) > seq).length
  }

  /**
   * @param {Message} message
   * @returns {boolean} whether it is unread until it was seen
   */
  counts(message) {
    return message.from.id !== this.me?.id && message.from.role !== "system"
  }

  /** @param {Gap} gap */
  #close({ conversation, reset, messages, more }) {
    const log = this.log(conversation)
    const epoch = this.#conversations.get(conversation)?.head.epoch ?? log.epoch
    if (reset) log.reset(epoch, messages, (messages[0]?.seq ?? 1) > 1 || more)
    else log.fill(messages)
  }

  /**
   * @param {Conversation} conversation
   * @param {Message} message
   * @param {"added" | "known" | "hole"} outcome
   */
  #raise(conversation, message, outcome) {
    const seq = message.seq ?? 0
    if (outcome === "known" || seq <= conversation.head.seq) return
    conversation.head.seq = seq
    conversation.last = message
    conversation.changed_at = Math.max(conversation.changed_at, message.at)
    const mine = this.mine(conversation)
    if (mine && this.counts(message)) mine.unread++
    // Who writes has read what stands before.
    if (message.from.id !== this.me?.id)
      this.#mark({ conversation: conversation.id, user: message.from.id, delivered: seq, read: seq, at: message.at })
  }

  /** @param {{ conversation: string, user: string, delivered: number, read: number, at: number }} receipt */
  #mark({ conversation, user, delivered, read, at }) {
    const participant = this.#conversations.get(conversation)?.participants.find(({ id }) => id === user)
    if (!participant) return
    participant.delivered = Math.max(participant.delivered, delivered)
    if (user === this.me?.id)
      this.read(conversation, read) // seen in another tab
    else if (read > participant.read) Object.assign(participant, { read, read_at: at })
  }
}

/** @param {Conversation} conversation */
export function isOpen({ service }) {
  return service !== undefined && service.stage.name !== "ended"
}
