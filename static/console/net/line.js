import { Connection } from "../../shared/net/connection.js"
import { CommandError } from "../../shared/net/protocol.js"
import { Sender } from "../../shared/net/sender.js"
import { now, setClock } from "../lib/clock.js"
import { asks } from "../lib/side.js"
import { taken, TYPING_MS } from "../models/thread.js"

/** @import { Conversation, EndReason, Gap, Message, Push, State, TypingPush, Welcome } from "../../shared/net/protocol.js" */
/** @import { Desk, View } from "../models/desk.js" */
/** @import { Threads, Thread } from "../models/thread.js" */
/** @import { Outbox } from "../../shared/models/outbox.js" */

const PAGE = 50
const ROWS = 30

/**
 * What came over the line, once the models know it.
 * @typedef {object} LineEvents
 * @property {(state: State, reason?: EndReason) => void} state
 * @property {(news: { waiting: Conversation[], fresh: (id: string) => boolean, came: number }) => void} welcome
 * @property {(message: Message, thread: Thread | undefined, added: boolean) => void} message
 * @property {(conversation: Conversation, before: Conversation | undefined) => void} conversation
 * @property {(id: string) => void} receipt
 * @property {(id: string) => void} typing
 * @property {() => void} desk
 * @property {(id: string) => void} thread its messages changed, but nobody has just written
 */

/** The line to the server: brings what is pushed and asked for into the models, and says what changed. */
export class Line {
  #welcomed = false

  /**
   * @param {{ desk: Desk, threads: Threads, outbox: Outbox }} models
   * @param {LineEvents} events
   */
  constructor({ desk, threads, outbox }, events) {
    this.desk = desk
    this.threads = threads
    this.outbox = outbox
    this.events = events
    this.connection = new Connection({
      as: "agent",
      whileHidden: true,
      since: () => threads.since,
      onState: (state, reason) => this.#state(state, reason),
      onWelcome: (welcome) => this.#welcome(welcome),
      onPush: (push) => this.#pushed(push),
    })
    this.sender = new Sender(outbox, this.connection, {
      sent: (entry, sent) => this.#received(taken(entry, sent, desk.me)),
      changed: () => this.#outboxChanged(),
    })
  }

  /** @returns {boolean} */
  get isLive() {
    return this.connection.state === "live"
  }

  /**
   * Asks where nothing depends on the answer, or where the next welcome tells how things stand.
   * @param {string} cmd
   * @param {object} body
   * @returns {Promise<any | undefined>} undefined when it did not work
   */
  async ask(cmd, body) {
    try {
      return await this.connection.command(cmd, body)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return undefined
    }
  }

  /**
   * Asks for a change of a conversation: `accept` or `end`.
   * @param {"accept" | "end"} cmd
   * @param {string} id
   * @returns {Promise<CommandError | null>} what went wrong
   */
  async change(cmd, id) {
    try {
      this.#changed(await this.connection.command(cmd, { conversation: id }))
      return null
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      if (!error.lost) await this.fetch(id)
      return error
    }
  }

  /** @param {string} id a conversation that is not known, or moved on while nobody told us */
  async fetch(id) {
    const conversation = await this.ask("conversation", { conversation: id })
    if (conversation) this.#changed(conversation)
  }

  /**
   * The newest page of a conversation.
   * @param {Thread} thread
   */
  async load(thread) {
    const answer = await this.#history(thread, { limit: PAGE })
    if (!answer) return
    thread.log.reset(answer.head.epoch, answer.messages, answer.more)
    thread.loaded = true
    this.events.thread(thread.id)
  }

  /**
   * What stands before the oldest message held.
   * @param {Thread} thread
   */
  async earlier(thread) {
    if (!thread.loaded || !thread.log.more) return
    const answer = await this.#history(thread, { before: thread.log.first, limit: PAGE })
    if (!answer) return
    thread.log.prepend(answer)
    this.events.thread(thread.id)
  }

  /**
   * A page of a view that goes on and on: the newest, or what follows the oldest known.
   * @param {View} view
   * @param {Conversation} [after]
   * @returns {Promise<boolean | undefined>} whether there are more; undefined when it did not work
   */
  async list(view, after) {
    const before = after && { changed_at: after.changed_at, id: after.id }
    const answer = await this.ask("conversations", { view, limit: ROWS, ...(before && { before }) })
    if (!answer) return undefined
    this.desk.loaded(view, answer.conversations, answer.more)
    return answer.more
  }

  /**
   * @param {State} state
   * @param {EndReason} [reason]
   */
  #state(state, reason) {
    this.events.state(state, reason)
    if (state === "live") this.sender.pump()
  }

  #outboxChanged() {
    for (const thread of this.threads.all) this.events.thread(thread.id)
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    setClock(welcome.now)
    const known = new Set(this.desk.view("waiting").map(({ id }) => id))
    const stale = this.desk.welcome(welcome)
    const came = welcome.gaps.reduce((sum, gap) => sum + this.#close(gap), 0)
    // Only what came while this page was open is news.
    const first = !this.#welcomed
    this.#welcomed = true
    this.events.welcome({ waiting: this.desk.view("waiting"), fresh: (id) => !first && !known.has(id), came })
    // Commands go out once the line is told live.
    queueMicrotask(() => {
      for (const id of stale) this.fetch(id)
    })
  }

  /**
   * @param {Gap} gap
   * @returns {number} words of visitors that came in
   */
  #close({ conversation, reset, messages, more }) {
    const thread = this.threads.get(conversation)
    if (!thread) return 0
    if (reset) {
      thread.loaded = false
      return 0
    }
    const fresh = messages.filter((message) => thread.log.receive(message) === "added")
    for (const message of messages) {
      if (message.client_id) this.outbox.remove(message.client_id)
      this.desk.message(message)
    }
    if (more) queueMicrotask(() => this.#fill(thread))
    const words = fresh.filter((message) => asks(message.from)).length
    thread.unseen += words
    return words
  }

  /** @param {Push} push */
  #pushed(push) {
    switch (push.push) {
      case "message":
        if (push.body.seq !== null) this.#received(push.body)
        break
      case "recalled":
        this.threads.get(push.body.conversation)?.log.replace(push.body)
        this.desk.recalled(push.body)
        this.events.thread(push.body.conversation)
        break
      case "conversation":
        this.#changed(push.body)
        break
      case "receipt":
        this.desk.receipt(push.body)
        this.events.receipt(push.body.conversation)
        break
      case "typing":
        this.#typing(push.body)
        break
      case "desk":
        this.desk.counts = push.body
        this.events.desk()
        break
    }
  }

  /** @param {Message} message a stored one, of anybody */
  #received(message) {
    const { conversation: id, client_id } = message
    if (client_id) this.outbox.remove(client_id)
    this.desk.message(message)
    if (!this.desk.get(id)) this.fetch(id)
    const thread = this.threads.get(id)
    if (thread && asks(message.from)) thread.typing = null
    const how = thread?.loaded ? thread.log.receive(message) : "known"
    if (thread && how === "hole") this.#fill(thread)
    this.events.message(message, thread, how === "added")
  }

  /** @param {Conversation} conversation as the server has it now */
  #changed(conversation) {
    const before = this.desk.get(conversation.id)
    this.desk.put(conversation)
    const now = this.desk.get(conversation.id)
    if (now) this.events.conversation(now, before)
  }

  /** @param {TypingPush} push */
  #typing({ conversation, person, on }) {
    const thread = this.threads.get(conversation) ?? this.threads.open(conversation)
    thread.typing = on ? { person, until: Date.now() + TYPING_MS } : null
    this.events.typing(conversation)
  }

  /**
   * @param {Thread} thread
   * @param {object} which
   * @returns {Promise<import("../../shared/net/protocol.js").Page | undefined>}
   */
  async #history(thread, which) {
    if (thread.fetching) return undefined
    thread.fetching = true
    try {
      return await this.ask("history", { conversation: thread.id, ...which })
    } finally {
      thread.fetching = false
    }
  }

  /**
   * What is missing between those held and those that came.
   * @param {Thread} thread
   */
  async #fill(thread) {
    for (let more = true; more; ) {
      const answer = await this.#history(thread, { after: thread.log.last, limit: 100 })
      if (!answer) return
      if (thread.log.follow(answer.head)) return this.load(thread)
      thread.log.fill(answer.messages)
      more = answer.more && answer.messages.length > 0
    }
    this.events.thread(thread.id)
  }

  /**
   * I have seen everything up to here.
   * @param {Thread} thread
   * @param {number} read
   */
  async read(thread, read) {
    if (read <= thread.sent.read) return
    thread.sent.read = read
    const answer = await this.ask("receipt", { conversation: thread.id, read })
    if (!answer) {
      thread.sent.read = 0
      return
    }
    this.desk.receipt({ conversation: thread.id, user: this.desk.me.id, delivered: read, read, at: now() })
    this.events.receipt(thread.id)
  }

  /**
   * It has arrived here. Many at once are one receipt.
   * @param {Thread} thread
   * @param {number} seq
   */
  delivered(thread, seq) {
    if (seq <= thread.sent.delivered) return
    const waiting = thread.sent.telling
    thread.sent.delivered = seq
    if (waiting) return
    thread.sent.telling = true
    setTimeout(() => {
      thread.sent.telling = false
      this.ask("receipt", { conversation: thread.id, delivered: thread.sent.delivered })
    }, 200)
  }
}
