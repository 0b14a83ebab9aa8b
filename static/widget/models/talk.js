import { randomId } from "../../shared/lib/ids.js"
import { messageOf } from "../../shared/models/media.js"
import { Outbox } from "../../shared/models/outbox.js"
import { Uploads } from "../../shared/models/uploads.js"
import { Connection } from "../../shared/net/connection.js"
import { Links, upload } from "../../shared/net/files.js"
import { CommandError } from "../../shared/net/protocol.js"
import { Sender } from "../../shared/net/sender.js"
import { Shelf } from "../lib/storage.js"
import { History } from "../net/history.js"
import { Session } from "../net/session.js"
import { Writes } from "../net/writes.js"
import { Captions } from "./captions.js"
import { Chat, isOpen } from "./chat.js"

/** @import { Entry, Target } from "../../shared/models/outbox.js" */
/** @import { Uploaded } from "../../shared/models/media.js" */
/** @import { Job } from "../../shared/models/uploads.js" */
/** @import { Context, Conversation, Desk, Message, Page, Person, Push, Sent, Welcome } from "../../shared/net/protocol.js" */

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
  #introduced = false
  /** @type {Record<string, unknown> | null} */
  #product = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again
  #tokenTried = false
  /** @type {Captions<string>} */
  #captions = new Captions()
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
    this.history = new History(this.connection, () => events.changed())
    this.writes = new Writes(this.connection)
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
    if (text) this.#captions.add(keys, text)
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
    for (const text of this.#captions.take(this.uploads.jobs)) this.say(text)
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
    this.writes.tell(conversation, on)
  }

  /**
   * The page before the oldest held.
   * @param {string} id
   */
  async earlier(id) {
    await this.history.earlier(id, this.chat.log(id))
  }

  /**
   * Fetches what is missing: the newest page, or what came after the newest held.
   * @param {string} id
   */
  async complete(id) {
    await this.history.once(`after ${id}`, async () => {
      await this.history.fill(id, this.chat.log(id))
      this.#delivered(id)
    })
    if (this.chat.conversation(id)) return
    await this.history.once(`conversation ${id}`, async () => {
      this.chat.take(await this.connection.command("conversation", { conversation: id }))
    })
  }

  /**
   * @param {Target} to
   * @param {string} type
   * @param {Record<string, unknown>} content
   */
  #put(to, type, content) {
    const entry = this.outbox.add(to, type, content)
    this.writes.sent()
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
}

/** A receipt that did not arrive is replaced by the next. */
function ignore() {}
