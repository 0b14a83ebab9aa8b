import { randomId } from "../../shared/lib/ids.js"
import { messageOf } from "../../shared/models/media.js"
import { Outbox } from "../../shared/models/outbox.js"
import { Uploads } from "../../shared/models/uploads.js"
import { Connection } from "../../shared/net/connection.js"
import { Links, upload } from "../../shared/net/files.js"
import { CommandError } from "../../shared/net/protocol.js"
import { Sender } from "../../shared/net/sender.js"
import { Shelf } from "../lib/storage.js"
import { Session } from "../net/session.js"
import { Chat, isOpen } from "./chat.js"

/** @import { Entry, Target } from "../../shared/models/outbox.js" */
/** @import { Uploaded } from "../../shared/models/media.js" */
/** @import { Job } from "../../shared/models/uploads.js" */
/** @import { Context, Conversation, Desk, Message, Page, Person, Push, Sent, Welcome } from "../../shared/net/protocol.js" */

const PAGE = 30
const ADOPT_MS = 10_000
const BEGIN_AGAIN_MS = 5_000

/**
 * @typedef {object} Start what the page brought
 * @property {{ key: string, name: string, origins: string[] }} site
 * @property {Person | null} me
 * @property {Desk} desk
 * @property {Conversation[]} conversations
 * @property {Page | null} page
 * @property {number} now
 *
 * @typedef {object} TalkEvents
 * @property {() => void} changed something to show is different
 * @property {(message: Message) => void} arrived somebody else said something just now
 * @property {(entry: Entry, sent: Sent) => void} sent
 * @property {() => Context} context what the visitor's browser tells
 */

/**
 * A visitor's talk with the desk: what is known, what is still to be sent, and the line between.
 * Says what happened through `events`; shows nothing itself.
 */
export class Talk {
  #fetching = new Set()
  #introduced = false
  #lastTyping = 0
  /** @type {Record<string, unknown> | null} */
  #product = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again
  #tokenTried = false
  /** What is said about files once they are there. @type {{ keys: string[], text: string }[]} */
  #captions = []
  /** Server's clock minus ours. */
  #skew = 0

  /**
   * @param {Start} start
   * @param {TalkEvents} events
   */
  constructor(start, events) {
    this.site = start.site
    this.events = events
    this.chat = new Chat(start)
    this.shelf = new Shelf(start.site.key)
    this.session = new Session(start.site.key, this.shelf, start.me !== null)
    this.outbox = new Outbox(start.site.key, Shelf.box)
    this.#skew = start.now - Date.now()
    this.connection = new Connection({
      as: "visitor",
      site: start.site.key,
      since: () => this.chat.since,
      onState: () => this.#stateChanged(),
      onWelcome: (welcome) => this.#welcome(welcome),
      onPush: (push) => this.#hear(push),
    })
    this.sender = new Sender(this.outbox, this.connection, {
      sent: (entry, sent) => this.#sent(entry, sent),
      changed: () => events.changed(),
      before: (entry) => this.#introduce(entry),
      elsewhere: ({ type }) => (type === "RC:TxtMsg" ? { desk: true } : null),
    })
    this.links = new Links((files) => this.connection.command("links", { files }))
    this.uploads = new Uploads(
      {
        send: (job, progress, signal) => upload(job.file, this.#credentials(), progress, signal),
        ready: () => this.connection.state === "live" && navigator.onLine,
        taken: (job, uploaded) => this.#taken(job, uploaded),
        changed: () => this.#uploadsChanged(),
      },
      { show: (file) => URL.createObjectURL(file), forget: (address) => URL.revokeObjectURL(address) },
    )
    addEventListener("online", () => this.uploads.pump())
    addEventListener("storage", ({ key, newValue }) => this.#storageChanged(key, newValue))
    if (this.session.stands || this.outbox.next) this.begin()
  }

  /** @returns {number} the server's clock */
  get now() {
    return Date.now() + this.#skew
  }

  /** @returns {boolean} whether the line stands, or was never needed */
  get calm() {
    return !this.session.stands || this.connection.state === "live"
  }

  /** Becomes a visitor if need be, and connects. */
  async begin() {
    clearTimeout(this.#again)
    try {
      await this.session.begin()
    } catch {
      // What was written is kept; the server may answer later.
      this.#again = setTimeout(() => this.begin(), BEGIN_AGAIN_MS)
      return
    }
    const { token } = this.session
    if (token) this.connection.options.token = token
    this.connection.start()
  }

  /** @param {string} text */
  say(text) {
    return this.#put({ desk: true }, "RC:TxtMsg", { content: text })
  }

  /**
   * Files, then words about them.
   * @param {{ file: File, local: string, width: number, height: number, seconds: number }[]} files
   * @param {string} text
   */
  sendFiles(files, text) {
    const keys = files.map(({ file, ...picture }) => this.uploads.add(file, { desk: true }, picture).key)
    if (text) this.#captions.push({ keys, text })
    this.events.changed()
    this.begin()
  }

  /** @returns {Record<string, string>} who sends a file, and where to */
  #credentials() {
    const { token } = this.session
    /** @type {Record<string, string>} */
    const where = { "X-Conversation": "desk", "X-Site": this.site.key }
    return token ? { ...where, Authorization: `Bearer ${token}` } : where
  }

  /**
   * @param {Job} job
   * @param {Uploaded} uploaded
   */
  #taken(job, uploaded) {
    const { type, content } = messageOf(uploaded, job.seconds)
    this.outbox.add(job.to, type, content, job.key)
    this.#pump()
  }

  #uploadsChanged() {
    const going = new Set(this.uploads.jobs.filter(isGoing).map(({ key }) => key))
    const ready = this.#captions.filter(({ keys }) => !keys.some((key) => going.has(key)))
    this.#captions = this.#captions.filter((caption) => !ready.includes(caption))
    for (const { text } of ready) this.say(text)
    this.events.changed()
  }

  /** @param {Record<string, string>} answers of the leave-a-message form */
  leave(answers) {
    return this.#put({ desk: true }, "RC:CsLm", answers)
  }

  /** @param {string} conversation */
  end(conversation) {
    return this.#put({ conversation }, "RC:CsSp", { sid: conversation })
  }

  /**
   * @param {string} conversation
   * @param {{ stars: number, tags: string[], text: string, solved: boolean | null }} rating
   */
  rate(conversation, { stars, tags, text, solved }) {
    const isresolve = solved === null ? -1 : solved ? 1 : 0
    const content = { sid: conversation, source: stars, type: 1, suggest: text, isresolve, tag: tags.join(",") }
    return this.#put({ conversation }, "RC:CsEva", content)
  }

  /**
   * What the visitor looks at: said now when a conversation runs, else before its first message.
   * @param {Record<string, unknown>} product title, url, content, imageUrl
   */
  show({ title, url, content, imageUrl }) {
    const { running } = this.chat
    this.#product = running ? null : { title, url, content, imageUrl }
    if (running) this.#put({ conversation: running.id }, "cs:product", { title, url, content, imageUrl })
  }

  /** @param {string} clientId */
  retry(clientId) {
    this.outbox.retry(clientId)
    this.#pump()
  }

  /** @param {string} clientId */
  discard(clientId) {
    this.outbox.remove(clientId)
    this.events.changed()
  }

  /**
   * Everything up to here has been seen.
   * @param {string} conversation
   * @param {number} seq
   */
  read(conversation, seq) {
    this.chat.read(conversation, seq)
    this.connection.command("receipt", { conversation, read: seq }).catch(ignore)
    this.events.changed()
  }

  /**
   * @param {string} conversation
   * @param {boolean} on
   */
  typing(conversation, on) {
    const now = Date.now()
    if (on && now - this.#lastTyping < 3_000) return
    if (!on && this.#lastTyping === 0) return
    this.#lastTyping = on ? now : 0
    this.connection.command("typing", { conversation, on }).catch(ignore)
  }

  /**
   * The page before the oldest held.
   * @param {string} id
   */
  async earlier(id) {
    const log = this.chat.log(id)
    await this.#once(`before ${id}`, async () => {
      const page = await this.connection.command("history", { conversation: id, before: log.first, limit: PAGE })
      log.prepend(page)
    })
  }

  /**
   * Fetches what is missing: the newest page, or what came after the newest held.
   * @param {string} id
   */
  async complete(id) {
    await this.#once(`after ${id}`, () => this.#fill(id))
    if (this.chat.conversation(id)) return
    await this.#once(`conversation ${id}`, async () => {
      this.chat.take(await this.connection.command("conversation", { conversation: id }))
    })
  }

  /** @param {string} id */
  async #fill(id) {
    const log = this.chat.log(id)
    for (;;) {
      const { last } = log
      const query = last ? { conversation: id, after: last, limit: 100 } : { conversation: id, limit: PAGE }
      /** @type {Page} */
      const page = await this.connection.command("history", query)
      if (last === 0) {
        log.reset(page.head.epoch, page.messages, page.more)
        break
      }
      if (log.follow(page.head)) {
        log.reset(page.head.epoch, [], true) // the order was rewritten
        continue
      }
      log.fill(page.messages)
      const nothing = page.messages.length === 0
      if (nothing || (!page.more && !log.broken)) break
    }
    this.#delivered(id)
  }

  /**
   * @param {Target} to
   * @param {string} type
   * @param {Record<string, unknown>} content
   */
  #put(to, type, content) {
    const entry = this.outbox.add(to, type, content)
    this.#lastTyping = 0
    this.#pump()
    return entry
  }

  #pump() {
    this.events.changed()
    this.begin()
    this.sender.pump()
  }

  /**
   * Before the first message of a conversation, the desk hears where it comes from.
   * @param {Entry} entry
   */
  async #introduce({ to }) {
    if (!("desk" in to) || this.chat.running || this.#introduced) return
    const content = { requestInfo: this.events.context() }
    try {
      await this.connection.command("send", { client_id: randomId(), type: "RC:CsHs", content, desk: true })
    } catch (error) {
      if (error instanceof CommandError && error.temporary) throw error
      // Refused: the message itself matters more.
    }
    await this.#showProduct()
    this.#introduced = true
  }

  async #showProduct() {
    const content = this.#product
    this.#product = null
    if (!content) return
    const product = { client_id: randomId(), type: "cs:product", content, desk: true }
    // Without it the message is worth as much.
    await this.connection.command("send", product).catch(ignore)
  }

  /**
   * @param {Entry} entry
   * @param {Sent} sent
   */
  #sent(entry, { uid, conversation, seq, at }) {
    const { me } = this.chat
    if (seq !== null && me) {
      const { client_id, type, content } = entry
      const missing = this.chat.receive({ uid, conversation, seq, at, from: me, client_id, type, content })
      if (missing) this.complete(missing)
    }
    this.events.sent(entry, { uid, conversation, seq, at })
    this.events.changed()
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    this.#skew = welcome.now - Date.now()
    const missing = this.chat.welcome(welcome)
    if (!this.chat.running) this.#introduced = false
    queueMicrotask(() => {
      for (const id of missing) this.complete(id)
      for (const conversation of this.chat.conversations.filter(isOpen)) this.#delivered(conversation.id)
    })
  }

  /** @param {Push} push */
  #hear(push) {
    const before = this.chat.running?.id
    const missing = this.chat.hear(push, Date.now())
    if (missing) this.complete(missing)
    if (push.push === "message" && push.body.seq !== null) this.#heard(push.body)
    if (before && !this.chat.running) this.#introduced = false
    this.events.changed()
  }

  /** @param {Message} message */
  #heard(message) {
    if (message.from.id === this.chat.me?.id) {
      if (message.client_id) this.outbox.remove(message.client_id) // another tab sent it
      return
    }
    this.#delivered(message.conversation)
    this.events.arrived(message)
  }

  /** @param {string} id */
  #delivered(id) {
    const conversation = this.chat.conversation(id)
    const mine = conversation && this.chat.mine(conversation)
    const { last } = this.chat.log(id)
    if (!mine || last <= mine.delivered) return
    mine.delivered = last
    this.connection.command("receipt", { conversation: id, delivered: last }).catch(ignore)
  }

  #stateChanged() {
    const { state, reason } = this.connection
    if (state === "live") {
      this.sender.pump()
      this.uploads.pump()
      this.links.pump()
    }
    if (state === "ended" && reason === "expired") this.#expired()
    this.events.changed()
  }

  /** Never recognised at all: the browser keeps no cookie here. A token in storage does. */
  async #expired() {
    if (this.#tokenTried || this.chat.conversations.length > 0) return
    this.#tokenTried = true
    this.session.forget()
    try {
      await this.session.keepToken()
    } catch {
      return
    }
    await this.begin()
    this.events.changed()
  }

  /**
   * Another tab wrote, sent or became a visitor.
   * @param {string | null} key
   * @param {string | null} value
   */
  #storageChanged(key, value) {
    if (key === `parlor.visitor.${this.site.key}` && !this.session.stands) {
      this.session.stands = true
      this.begin()
    }
    if (!this.outbox.changed(key, value)) return
    this.events.changed()
    // If that tab is gone before it could send, this one does: the same id makes that harmless.
    if (value !== null) setTimeout(() => this.sender.pump(), ADOPT_MS)
  }

  /**
   * One request of a kind at a time; a lost line is tried again after the next welcome.
   * @param {string} what
   * @param {() => Promise<void>} request
   */
  async #once(what, request) {
    if (this.#fetching.has(what)) return
    this.#fetching.add(what)
    try {
      await request()
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
    } finally {
      this.#fetching.delete(what)
      this.events.changed()
    }
  }
}

/** @param {Job} job */
function isGoing({ state }) {
  return state === "waiting" || state === "running" || state === "there"
}

/** A receipt or hint that did not arrive is replaced by the next. */
function ignore() {}
