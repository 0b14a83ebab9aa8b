/** @import { Conversation, Desk as Counts, Message, Participant, Person, ReceiptPush, Welcome } from "../../shared/net/protocol.js" */

/** @typedef {"waiting" | "mine" | "closed" | "all"} View */

/** @type {readonly View[]} */
export const VIEWS = ["waiting", "mine", "closed", "all"]

/**
 * @param {string | undefined} name
 * @returns {name is View}
 */
export function isView(name) {
  return VIEWS.some((view) => view === name)
}

/**
 * Every conversation this page knows, as its agent sees it. No DOM, no network: it is told what happened and keeps
 * counts, unread figures and waits right in between the server's own words.
 */
export class Desk {
  /** @type {Map<string, Conversation>} */
  #conversations = new Map()
  /** How new each was when the server last told how it stands. @type {Map<string, number>} */
  #toldAt = new Map()
  /** The oldest change that a view without end was loaded up to. @type {Partial<Record<View, number>>} */
  #loadedTo = {}

  /**
   * @param {Person} me
   * @param {Counts} counts
   */
  constructor(me, counts) {
    this.me = me
    this.counts = counts
  }

  /** @param {string} id */
  get(id) {
    return this.#conversations.get(id)
  }

  /** @param {Conversation} conversation as the server has it now; what comes late changes nothing */
  put(conversation) {
    if (conversation.kind !== "service" || !conversation.service) return
    const known = this.#conversations.get(conversation.id)
    const sameOrder = known?.head.epoch === conversation.head.epoch
    if (sameOrder && conversation.changed_at < (this.#toldAt.get(conversation.id) ?? 0)) return
    this.#toldAt.set(conversation.id, conversation.changed_at)
    // What was pushed without its last words must not take away those we have.
    const last = conversation.last ?? known?.last
    this.#conversations.set(conversation.id, { ...conversation, ...(last && { last }) })
  }

  /**
   * A page of a view without end.
   * @param {View} view
   * @param {Conversation[]} conversations
   * @param {boolean} more
   */
  loaded(view, conversations, more) {
    for (const conversation of conversations) this.put(conversation)
    const oldest = conversations.at(-1)?.changed_at
    this.#loadedTo[view] = more && oldest !== undefined ? oldest : 0
  }

  /** @param {View} view */
  isLoaded(view) {
    return this.#loadedTo[view] !== undefined
  }

  /**
   * The server's account after a reconnect.
   * @param {Welcome} welcome
   * @returns {string[]} conversations that moved on while we were away, so that nobody told us how they stand
   */
  welcome({ conversations, desk }) {
    this.counts = desk
    const told = new Set(conversations.map(({ id }) => id))
    const stale = [...this.#conversations.values()].filter(
      (c) => !told.has(c.id) && (this.isWaiting(c) || this.isMine(c)),
    )
    for (const conversation of conversations) this.put(conversation)
    return stale.map(({ id }) => id)
  }

  /** @param {Message} message with a `seq` */
  message(message) {
    const known = this.#conversations.get(message.conversation)
    if (!known?.service || (known.last?.seq ?? 0) >= (message.seq ?? 0)) return
    const fromVisitor = message.from.id === known.service.visitor
    const says = message.type !== "RC:InfoNtf"
    const since = fromVisitor ? (known.service.waiting_since ?? message.at) : null
    this.#conversations.set(known.id, {
      ...known,
      last: message,
      head: { ...known.head, seq: message.seq ?? known.head.seq },
      changed_at: Math.max(known.changed_at, message.at),
      service: says ? { ...known.service, waiting_since: since } : known.service,
      participants: known.participants.map((person) => {
        // Who writes has read what stands before.
        if (person.id === message.from.id) return seenUpTo(person, message)
        return says ? { ...person, unread: person.unread + 1 } : person
      }),
    })
  }

  /** @param {Message} message which stands in the place of an earlier one */
  recalled(message) {
    const known = this.#conversations.get(message.conversation)
    if (known?.last?.seq === message.seq) this.#conversations.set(known.id, { ...known, last: message })
  }

  /** @param {ReceiptPush} receipt */
  receipt({ conversation, user, delivered, read, at }) {
    const known = this.#conversations.get(conversation)
    if (!known) return
    const participants = known.participants.map((person) => {
      if (person.id !== user) return person
      const moved = read > person.read
      return {
        ...person,
        delivered: Math.max(person.delivered, delivered),
        read: Math.max(person.read, read),
        ...(moved && { read_at: at }),
        unread: read >= known.head.seq ? 0 : person.unread,
      }
    })
    this.#conversations.set(conversation, { ...known, participants })
  }

  /** @param {Conversation} conversation */
  isWaiting({ service }) {
    return service?.stage.name === "queued" || service?.stage.name === "offline"
  }

  /** @param {Conversation} conversation */
  isMine({ service }) {
    return service?.stage.name === "human" && service.stage.agent === this.me.id
  }

  /**
   * Mine; and a left message that needs no answer may be put away by anybody.
   * @param {Conversation} conversation
   */
  mayEnd(conversation) {
    return this.isMine(conversation) || conversation.service?.stage.name === "offline"
  }

  /** @param {Conversation} conversation */
  isEnded({ service }) {
    return service?.stage.name === "ended"
  }

  /**
   * @param {Conversation} conversation
   * @returns {number} words of the visitor that I have not seen; while nobody has it, all of them
   */
  unread(conversation) {
    const me = conversation.participants.find(({ id }) => id === this.me.id)
    if (me) return me.unread
    return this.isWaiting(conversation) ? Math.min(conversation.head.seq, 99) : 0
  }

  /** @returns {number} how many of mine wait for an answer */
  get waitingForMe() {
    return [...this.#conversations.values()].filter((c) => this.isMine(c) && c.service?.waiting_since).length
  }

  /**
   * @param {View} view
   * @returns {Conversation[]} its conversations in their order
   */
  view(view) {
    const all = [...this.#conversations.values()].filter((conversation) => this.#belongs(conversation, view))
    return all.sort(view === "waiting" || view === "mine" ? longestWaitFirst : newestFirst)
  }

  /**
   * @param {Conversation} conversation
   * @param {View} view
   */
  #belongs(conversation, view) {
    if (view === "waiting") return this.isWaiting(conversation)
    if (view === "mine") return this.isMine(conversation)
    const reached = conversation.changed_at >= (this.#loadedTo[view] ?? 0)
    return reached && (view === "all" || this.isEnded(conversation))
  }
}

/**
 * @param {Participant} person
 * @param {Message} message
 * @returns {Participant}
 */
function seenUpTo(person, { seq, at }) {
  const read = Math.max(person.read, seq ?? 0)
  return { ...person, delivered: Math.max(person.delivered, read), read, read_at: at, unread: 0 }
}

/**
 * @param {Conversation} a
 * @param {Conversation} b
 */
function longestWaitFirst(a, b) {
  const [since, other] = [a.service?.waiting_since ?? Infinity, b.service?.waiting_since ?? Infinity]
  return since === other ? newestFirst(a, b) : since - other
}

/**
 * @param {Conversation} a
 * @param {Conversation} b
 */
function newestFirst(a, b) {
  return b.changed_at - a.changed_at || (a.id < b.id ? 1 : -1)
}
