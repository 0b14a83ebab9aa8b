import { messageOf } from "../../../shared/models/media.js"
import { Outbox } from "../../../shared/models/outbox.js"
import { Uploads } from "../../../shared/models/uploads.js"
import { Connection } from "../../../shared/net/connection.js"
import { Links, upload } from "../../../shared/net/files.js"
import { Sender } from "../../../shared/net/sender.js"
import { Shelf } from "../../../widget/lib/storage.js"
import { Captions } from "../../../widget/models/captions.js"
import { History } from "../../../widget/net/history.js"
import { Writes } from "../../../widget/net/writes.js"
import { KINDS, wayTo } from "../../shared/shapes.js"
import { Inbox } from "./inbox.js"

/** @import { Entry, Target } from "../../../shared/models/outbox.js" */
/** @import { Uploaded } from "../../../shared/models/media.js" */
/** @import { Job } from "../../../shared/models/uploads.js" */
/** @import { Conversation, Message, Push, Sent, Welcome } from "../../../shared/net/protocol.js" */
/** @import { Place } from "../../shared/shapes.js" */

const MOST_WATCHED = 100
/** As many as a welcome brings; and the most that are kept. */
const WELCOMED = 20
const MOST_LISTED = 500

/**
 * @typedef {object} PostEvents
 * @property {() => void} changed something to show is different
 * @property {() => void} welcomed the connection stands; `inbox.me` is known
 * @property {() => void} state the connection stands otherwise than before
 * @property {(message: Message) => void} arrived somebody said something just now
 * @property {(entry: Entry, message: Message) => void} sent
 */

/** A user's conversations with others: what is known, what is still to be sent, and the line between. */
export class Post {
  inbox = new Inbox()
  #watched = ""
  /** Server's clock minus ours. */
  #skew = 0
  /** @type {Captions<{ to: Target, text: string }>} */
  #captions = new Captions()
  /** @type {Set<string>} */
  #rooms = new Set()

  /**
   * @param {{ app: string, token: string }} who
   * @param {PostEvents} events
   */
  constructor({ app, token }, events) {
    this.app = app
    this.token = token
    this.events = events
    // Whose outbox it is shows with the first welcome; nobody writes before that.
    this.outbox = new Outbox("", null)
    this.connection = new Connection({
      as: "user",
      token,
      whileHidden: true,
      since: () => this.inbox.since,
      onState: () => this.#stateChanged(),
      onWelcome: (welcome) => this.#welcome(welcome),
      onPush: (push) => this.#hear(push),
    })
    this.history = new History(this.connection, () => events.changed())
    this.writes = new Writes(this.connection)
    this.sender = this.#newSender()
    this.links = new Links((files) => this.connection.command("links", { files }))
    this.uploads = new Uploads(
      {
        send: (job, progress, signal) => upload(job.file, this.#credentials(job), progress, signal),
        ready: () => this.connection.state === "live" && navigator.onLine,
        taken: (job, uploaded) => this.#taken(job, uploaded),
        changed: () => this.#uploadsChanged(),
      },
      { show: (file) => URL.createObjectURL(file), forget: (address) => URL.revokeObjectURL(address) },
    )
    addEventListener("online", () => this.uploads.pump())
    addEventListener("storage", ({ key, newValue }) => this.outbox.changed(key, newValue) && events.changed())
    this.connection.start()
  }

  /** @returns {number} the server's clock */
  get now() {
    return Date.now() + this.#skew
  }

  stop() {
    this.connection.stop()
  }

  /** @param {Place} place @returns {Target | null} */
  way(place) {
    const known = this.inbox.at(place)
    if (known && known.kind !== "chatroom") return { conversation: known.id }
    return wayTo(place)
  }

  /**
   * @param {Place} place
   * @param {string} text
   */
  say(place, text) {
    const to = this.way(place)
    if (to) this.#put(to, "RC:TxtMsg", { content: text })
  }

  /**
   * Files, then words about them.
   * @param {Conversation} conversation
   * @param {{ file: File, local: string, width: number, height: number, seconds: number }[]} files
   * @param {string} text
   */
  sendFiles({ id }, files, text) {
    const to = { conversation: id }
    const keys = files.map(({ file, ...picture }) => this.uploads.add(file, to, picture).key)
    if (text) this.#captions.add(keys, { to, text })
    this.events.changed()
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
   * @param {string} conversation
   * @param {number} seq
   */
  read(conversation, seq) {
    this.inbox.read(conversation, seq)
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

  /** Takes it out of the own list. @param {string} conversation */
  remove(conversation) {
    this.connection.command("remove", { conversation }).catch(ignore)
  }

  /** @param {string} room */
  async enter(room) {
    this.#rooms.add(room)
    await this.history.once(`room ${room}`, () => this.#join(room))
  }

  /** @param {string} id the page before the oldest held */
  async earlier(id) {
    await this.history.earlier(id, this.inbox.log(id))
  }

  /** Fetches what is missing: the newest page, or what came after the newest held. @param {string} id */
  async complete(id) {
    const room = this.inbox.conversation(id)
    if (room?.kind === "chatroom") return this.enter(room.handle ?? "")
    if (!room) {
      await this.history.once(`conversation ${id}`, async () => {
        this.inbox.take(await this.connection.command("conversation", { conversation: id }))
        this.#watch()
      })
    }
    await this.history.once(`after ${id}`, async () => {
      await this.history.fill(id, this.inbox.log(id))
      this.#delivered(id)
    })
  }

  /** @param {string} room */
  async #join(room) {
    const held = this.inbox.at({ type: KINDS.indexOf("chatroom") + 1, target: room })
    const log = held && this.inbox.log(held.id)
    const since = log?.last ? { since: { epoch: log.epoch, seq: log.last } } : {}
    const joined = await this.connection.command("chatroom_join", { chatroom: room, ...since })
    const { me } = this.inbox
    if (!me) return
    const own = { ...me, online: true, delivered: 0, read: 0, unread: 0 }
    const { id, head, created_at, name } = joined
    this.inbox.take({
      id,
      kind: "chatroom",
      handle: room,
      head,
      created_at,
      changed_at: created_at,
      participants: [own],
      group: { name: name || room, members: joined.count, silenced: false },
    })
    const known = this.inbox.log(id)
    if (joined.reset || known.last === 0) known.reset(head.epoch, joined.messages, false)
    else known.fill(joined.messages)
  }

  /** @param {Job} job @returns {Record<string, string>} */
  #credentials({ to }) {
    const conversation = "conversation" in to ? String(to.conversation) : ""
    return { "X-Conversation": conversation, Authorization: `Bearer ${this.token}` }
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
    for (const { to, text } of this.#captions.take(this.uploads.jobs)) this.#put(to, "RC:TxtMsg", { content: text })
    this.events.changed()
  }

  /**
   * @param {Target} to
   * @param {string} type
   * @param {Record<string, unknown>} content
   */
  #put(to, type, content) {
    this.outbox.add(to, type, content)
    this.writes.sent()
    this.#pump()
  }

  #pump() {
    this.events.changed()
    this.sender.pump()
  }

  #newSender() {
    return new Sender(this.outbox, this.connection, {
      sent: (entry, sent) => this.#sent(entry, sent),
      changed: () => this.events.changed(),
    })
  }

  /**
   * @param {Entry} entry
   * @param {Sent} sent
   */
  #sent(entry, { uid, conversation, seq, at }) {
    const { me } = this.inbox
    if (!me) return
    const { client_id, type, content } = entry
    const message = { uid, conversation, seq, at, from: me, client_id, type, content }
    if (seq !== null) {
      const missing = this.inbox.receive(message)
      if (missing) this.complete(missing)
    }
    this.events.sent(entry, message)
    this.events.changed()
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    this.#skew = welcome.now - Date.now()
    const first = this.inbox.me === null
    const missing = this.inbox.welcome(welcome)
    if (first) {
      this.outbox = new Outbox(`${this.app}.${welcome.me.id}`, Shelf.box)
      this.sender = this.#newSender()
    }
    queueMicrotask(() => {
      for (const id of missing) this.complete(id)
      for (const room of this.#rooms) this.enter(room)
      for (const { id } of this.inbox.list) this.#delivered(id)
      if (welcome.conversations.length >= WELCOMED) this.history.once("list", () => this.#rest())
      this.#watched = ""
      this.#watch()
      this.events.welcomed()
    })
  }

  /** What of the own list the welcome did not bring. */
  async #rest() {
    /** @type {{ changed_at: number, id: string } | undefined} */
    let before
    for (let count = 0; count < MOST_LISTED; count += 100) {
      const { conversations, more } = await this.connection.command("conversations", { limit: 100, before })
      for (const conversation of conversations) this.inbox.take(conversation)
      const last = conversations.at(-1)
      if (!more || !last) break
      before = { changed_at: last.changed_at, id: last.id }
    }
    this.#watch()
  }

  /** Hears from now on who of those in the list comes and goes. */
  #watch() {
    const others = this.inbox.list.filter(({ kind }) => kind === "private").map((it) => this.inbox.placeOf(it).target)
    const users = [...new Set(others)].slice(0, MOST_WATCHED)
    if (users.length === 0 || users.join(" ") === this.#watched) return
    this.#watched = users.join(" ")
    this.connection
      .command("presence", { users })
      .then((/** @type {{ users: { user: string, online: boolean, at: number | null }[] }} */ found) => {
        for (const body of found.users) this.inbox.hear({ push: "presence", body }, Date.now())
        this.events.changed()
      })
      .catch(ignore)
  }

  /** @param {Push} push */
  #hear(push) {
    const missing = this.inbox.hear(push, Date.now())
    const done = missing ? this.complete(missing) : null
    if (push.push === "message") this.#heard(push.body, done)
    if (push.push === "conversation") this.#watch()
    this.events.changed()
  }

  /**
   * @param {Message} message
   * @param {Promise<void> | null} done when what is missing has come
   */
  #heard(message, done) {
    const own = message.from.id === this.inbox.me?.id
    if (own && message.client_id) this.outbox.remove(message.client_id) // another tab sent it
    if (!own) this.#delivered(message.conversation)
    // The place of a conversation that is new here is known only when it was fetched.
    if (this.inbox.conversation(message.conversation)) this.events.arrived(message)
    else done?.then(() => this.inbox.conversation(message.conversation) && this.events.arrived(message))
  }

  /** @param {string} id */
  #delivered(id) {
    const conversation = this.inbox.conversation(id)
    const mine = conversation && this.inbox.mine(conversation)
    const { last } = this.inbox.log(id)
    if (!mine || conversation.kind === "chatroom" || last <= mine.delivered) return
    mine.delivered = last
    this.connection.command("receipt", { conversation: id, delivered: last }).catch(ignore)
  }

  #stateChanged() {
    if (this.connection.state === "live") {
      this.sender.pump()
      this.uploads.pump()
      this.links.pump()
    }
    this.events.state()
    this.events.changed()
  }

  /**
   * @param {Place} place
   * @returns {(one: { to: Target }) => boolean} whether something on its way goes there
   */
  goesTo(place) {
    const known = this.inbox.at(place)
    const named = JSON.stringify(wayTo(place))
    return ({ to }) => ("conversation" in to ? to.conversation === known?.id : JSON.stringify(to) === named)
  }
}

/** A receipt that did not arrive is replaced by the next. */
function ignore() {}
