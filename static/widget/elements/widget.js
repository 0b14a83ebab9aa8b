import { takeDrops } from "../../shared/lib/drop.js"
import { Leader } from "../../shared/lib/leader.js"
import { Sounds } from "../../shared/lib/sound.js"
import { contextOf } from "../lib/device.js"
import { byId, say, wear } from "../lib/dom.js"
import { once } from "../lib/once.js"
import { download, transcript } from "../lib/transcript.js"
import { Voice } from "../lib/voice.js"
import { isOpen } from "../models/chat.js"
import { arrange, isSpoken } from "../models/rows.js"
import { Seen } from "../models/seen.js"
import { Talk } from "../models/talk.js"
import { Host } from "../net/host.js"
import { Banner } from "../views/banner.js"
import { Elsewhere } from "../views/elsewhere.js"
import { Home } from "../views/home.js"
import { Jump } from "../views/jump.js"
import { Leave, showStored } from "../views/leave.js"
import { enlarge, showDrop, toggleSigns } from "../views/media.js"
import { queueCard } from "../views/queue.js"
import { ratingForm, thanks } from "../views/rating.js"
import { statusOf } from "../views/status.js"
import { announce, complain } from "../views/trouble.js"
import { Typing } from "../views/typing.js"
import { composerWords, logWords } from "../views/words.js"
import { confirmSheet } from "./sheet.js"

/** @import { Table } from "../../shared/lib/strings.js" */
/** @import { Entry } from "../../shared/models/outbox.js" */
/** @import { Media } from "../../shared/models/media.js" */
/** @import { StagedFile } from "../../shared/views/staged.js" */
/** @import { Conversation, Message, Sent } from "../../shared/net/protocol.js" */
/** @import { Start } from "../models/talk.js" */
/** @import { Means } from "../views/media.js" */
/** @import { Composer } from "./composer.js" */
/** @import { Log } from "./log.js" */
/** @import { Item, Menu } from "./menu.js" */

/** @typedef {"home" | "chat" | "leave" | "stored" | "rate" | "thanks"} View */
/**
 * @typedef {object} Page
 * @property {Table} texts
 * @property {string[]} light colours of the button on the page around the frame
 * @property {string[]} dark
 * @typedef {Start & Means & Page} PageData
 */

const RATE_AFTER_MS = 1_000
const MINUTE_MS = 60_000

/** The whole frame: which view is shown, and what every part of it is told. */
export class Widget extends HTMLElement {
  /** @type {View} */
  #view = /** @type {View} */ (this.dataset.view)
  /** The conversation on the screen; null for one that has not begun. @type {string | null} */
  #shown = null
  /** The visitor went nowhere yet: the screen may follow what happens. */
  #fresh = true
  #saidUnread = 0
  /** The conversation that was open at the last look. */
  #wasOpen = ""
  /** The page around the frame wants to hear what is said. */
  #tells = false
  /** @type {Set<string>} */
  #rated = new Set()
  #update = once(() => this.#draw())

  /** @type {PageData} */
  #start = JSON.parse(byId("page-data").textContent ?? "{}")
  #voice = new Voice(this.#start.texts, this.#start.language, this.#start.site.name)
  #log = /** @type {Log} */ (this.querySelector("parlor-log"))
  #composer = /** @type {Composer} */ (this.querySelector("parlor-composer"))
  #sounds = new Sounds()
  #leader = new Leader(this.#start.site.key)
  #host = new Host(this.#start.site.origins, {
    hosted: () => this.toggleAttribute("data-hosted", true),
    opened: (focus, full) => this.#opened(focus, full),
    closed: () => this.#update(),
    told: (said) => this.#told(said),
  })
  #talk = new Talk(this.#start, {
    changed: () => this.#update(),
    arrived: (message) => this.#arrived(message),
    sent: (entry, sent) => this.#sent(entry, sent),
    context: () => contextOf(this.#host.page),
  })
  #home = new Home(this.#voice, { open: (id) => this.#open(id, true), ask: (question) => this.#send(question) })
  #leave = new Leave(this.#voice.strings, this.#talk.shelf, (answers) => this.#leaveMessage(answers))
  #banner = new Banner(this.#voice.strings, this.#talk.connection, {
    needed: () => this.#talk.session.stands,
    changed: () => this.#update(),
  })
  #jump = new Jump(this.#log, this.#voice.strings, () => {
    this.#moved()
    this.#composer.focus()
  })
  #elsewhere = new Elsewhere(this, this.#voice.strings)
  #typing = new Typing(this.#voice.strings, () => this.#update())
  #seen = new Seen({
    read: (seq) => this.#shown && this.#talk.read(this.#shown, seq),
    changed: () => this.#update(),
  })

  connectedCallback() {
    this.#sounds.muted = this.#talk.shelf.get("muted") !== ""
    this.#shown = this.#talk.chat.running?.id ?? null
    this.#wireLog()
    this.#wireComposer()
    this.#wirePage()
    this.#draw()
    this.#markUnread()
  }

  #wireLog() {
    const { strings, siteName } = this.#voice
    this.#log.siteName = siteName
    this.#log.words = logWords(strings)
    this.#log.media = {
      links: this.#talk.links,
      language: this.#start.language,
      say: this.#words,
      open: (media, button) => this.#enlarge(media, button),
      cancel: (key) => this.#talk.uploads.discard(key),
    }
    this.#log.events = {
      earlier: () => this.#shown && this.#talk.earlier(this.#shown),
      retry: (key) => (this.#talk.uploads.has(key) ? this.#talk.uploads.retry(key) : this.#talk.retry(key)),
      discard: (key) => (this.#talk.uploads.has(key) ? this.#talk.uploads.discard(key) : this.#talk.discard(key)),
      leave: () => this.#go("leave", true),
      moved: () => this.#moved(),
      write: () => this.#composer.focus(),
    }
  }

  #wireComposer() {
    this.#composer.words = composerWords(this.#voice.strings)
    this.#composer.events = {
      send: (text, files) => this.#send(text, files),
      input: (text) => this.#wrote(text),
      refused: announce,
      emoji: (button) => toggleSigns(this.#composer, button, this.#start, this.#words),
    }
    const { limits, language } = this.#start
    this.#composer.files = { say: this.#words, language, limits, refused: complain }
    takeDrops(this, {
      allowed: () => !this.#composer.hidden,
      over: (on) => showDrop(on ? this.#addressee : null, this.#start, this.#words),
      take: (files) => this.#composer.stage(files),
    })
    this.#composer.value = this.#talk.shelf.get("draft")
  }

  #wirePage() {
    const menu = /** @type {Menu} */ (byId("menu"))
    menu.items = () => this.#menu()
    byId("back").addEventListener("click", () => this.#go("home", true))
    byId("close").addEventListener("click", () => this.#host.close())
    byId("new").addEventListener("click", () => this.#begin())
    byId("again").addEventListener("click", () => this.#go("leave", true))
    byId("stored-close").addEventListener("click", () => {
      this.#go("home", false)
      this.#host.close()
    })
    this.addEventListener("keydown", ({ key, isComposing, defaultPrevented }) => {
      if (key === "Escape" && !isComposing && !defaultPrevented) this.#host.close()
    })
    document.addEventListener("visibilitychange", () => this.#update())
    // A day ends, a clock strikes: what is said about time stays true.
    setInterval(() => this.#update(), MINUTE_MS)
  }

  /** @param {string} key @param {any} [args] */
  #words = (key, args) => this.#voice.strings.get(key, args)

  /** @returns {string} to whom one writes */
  get #addressee() {
    return this.#talk.chat.agent(this.#conversation)?.name ?? this.#voice.siteName
  }

  /** @returns {Conversation | undefined} */
  get #conversation() {
    return this.#talk.chat.conversation(this.#shown)
  }

  /** @returns {boolean} whether somebody looks */
  get #visible() {
    return this.#host.open && document.visibilityState === "visible"
  }

  // What the visitor does.

  /**
   * @param {string} text
   * @param {StagedFile[]} [files]
   */
  #send(text, files = []) {
    if (this.#conversation && !isOpen(this.#conversation)) this.#shown = null
    this.#shown ??= this.#talk.chat.running?.id ?? null
    if (files.length > 0) this.#talk.sendFiles(files, text)
    else this.#talk.say(text)
    if (this.#view !== "chat") this.#go("chat", true)
    this.#log.toBottom()
  }

  /**
   * @param {Media} media
   * @param {HTMLElement} opener
   */
  #enlarge(media, opener) {
    const { chat, links, uploads } = this.#talk
    enlarge(media, opener, {
      messages: () => (this.#shown ? chat.log(this.#shown).messages : []),
      from: ({ from, client_id }) =>
        from.id === chat.me?.id ? { who: this.#words("msg-you"), local: uploads.local(client_id) } : { who: from.name },
      now: () => this.#talk.now,
      times: this.#voice.times,
      links,
      means: this.#start,
      say: this.#words,
    })
  }

  /** @param {string} text */
  #wrote(text) {
    this.#talk.shelf.set("draft", text)
    if (text) this.#talk.begin() // so that the line stands when the message goes
    const conversation = this.#conversation
    const runs = conversation && isOpen(conversation)
    this.#typing.wrote(text, runs ? (on) => this.#talk.typing(conversation.id, on) : null)
  }

  /**
   * @param {string} id
   * @param {boolean} focus
   */
  #open(id, focus) {
    this.#shown = id
    this.#go("chat", focus)
    this.#markUnread()
  }

  #begin() {
    const { running } = this.#talk.chat
    if (running) return this.#open(running.id, true)
    this.#shown = null
    this.#go("home", true)
  }

  /** @param {Record<string, string>} answers */
  #leaveMessage(answers) {
    this.#fresh = false
    this.#talk.leave(answers)
  }

  async #end() {
    const { strings } = this.#voice
    const conversation = this.#conversation
    if (!conversation) return
    const name = this.#talk.chat.agent(conversation)?.name
    const sure = await confirmSheet({
      title: strings.get("end-title"),
      text: name ? strings.get("end-text", { name }) : strings.get("end-text-plain"),
      keep: strings.get("end-keep"),
      go: strings.get("end-do"),
    })
    if (sure) this.#talk.end(conversation.id)
    else this.#composer.focus()
  }

  async #transcript() {
    const { times, siteName } = this.#voice
    const { chat, now } = this.#talk
    const id = this.#shown
    if (!id) return
    const log = chat.log(id)
    for (let first = -1; log.more && first !== log.first; ) {
      first = log.first
      await this.#talk.earlier(id)
    }
    download(transcript(log.messages, this.#voice, chat.me?.id ?? "", now), `${siteName} ${times.dayKey(now)}.txt`)
  }

  /** @returns {(Item | null)[]} */
  #menu() {
    const { strings } = this.#voice
    const { muted } = this.#sounds
    const mute = {
      icon: muted ? "sound-off" : "sound",
      text: strings.get(muted ? "menu-unmute" : "menu-mute"),
      run: () => this.#mute(!muted),
    }
    const conversation = this.#view === "chat" ? this.#conversation : undefined
    if (!conversation) return [mute]
    const get = { icon: "download", text: strings.get("menu-transcript-get"), run: () => this.#transcript() }
    const end = { icon: "end", text: strings.get("menu-end"), bad: true, run: () => this.#end() }
    return isOpen(conversation) ? [mute, get, null, end] : [mute, get]
  }

  /** @param {boolean} muted */
  #mute(muted) {
    this.#sounds.muted = muted
    this.#talk.shelf.set("muted", muted ? "1" : "")
  }

  /**
   * @param {boolean} focus
   * @param {boolean} full over the whole screen: what closes looks like closing
   */
  #opened(focus, full) {
    const close = byId("close")
    close.ariaLabel = this.#voice.strings.get(full ? "head-close" : "head-minimise")
    close.querySelector("use")?.setAttribute("href", full ? "#i-close" : "#i-chevron-down")
    this.#draw()
    this.#markUnread()
    if (focus) this.#focus()
  }

  /** Pages that were written for the original widget ask for more. @param {Record<string, unknown>} said */
  #told({ t, product }) {
    const { light, dark, site } = this.#start
    if (t === "events") {
      this.#tells = true
      this.#host.tell({ t: "look", light, dark, site: site.key })
    } else if (t === "product" && product && typeof product === "object") {
      this.#talk.show(/** @type {Record<string, unknown>} */ (product))
    }
  }

  /** @param {"message" | "sent"} t @param {Message} message */
  #tell(t, message) {
    if (this.#tells) this.#host.tell({ t, message, me: this.#talk.chat.me?.id ?? "" })
  }

  #moved() {
    this.#jump.update()
    this.#drawEdge()
    this.#noteSeen()
  }

  // What happens.

  /** @param {Message} message */
  #arrived(message) {
    const joined = message.content.extra === "joined"
    const person = message.from.role !== "system"
    this.#tell("message", message)
    if (person && message.conversation === this.#shown) this.#jump.arrived()
    if ((joined || (person && !this.#visible)) && this.#leader.leads) this.#sounds.play(joined ? "door" : "knock")
    if (person && !this.#host.open)
      this.#host.say(this.#voice.strings.get("a11y-unread", { n: this.#talk.chat.unread }))
  }

  /**
   * @param {Entry} entry
   * @param {Sent} sent
   */
  #sent(entry, sent) {
    if (isSpoken(entry.type)) this.#shown = sent.conversation
    const { me } = this.#talk.chat
    if (me)
      this.#tell("sent", { ...sent, from: me, client_id: entry.client_id, type: entry.type, content: entry.content })
    if (entry.type !== "RC:CsLm") return
    this.#leave.clear()
    showStored(this.#voice.strings, String(entry.content.msg_email ?? ""), sent.uid)
    if (this.#view === "leave") this.#go("stored", true)
  }

  /** Where the conversation went: it began, it ended, it is elsewhere. */
  #follow() {
    const { chat, outbox } = this.#talk
    const { running } = chat
    if (running && this.#fresh && this.#view !== "chat") this.#open(running.id, false)
    if (this.#shown === null && this.#view === "chat") this.#shown = running?.id ?? null
    const conversation = this.#conversation
    const open = conversation !== undefined && isOpen(conversation)
    if (conversation && !open && this.#wasOpen === conversation.id) this.#ended(conversation)
    this.#wasOpen = open ? conversation.id : ""
    if (!outbox.entries.some(({ type, failed }) => type === "RC:CsLm" && !failed)) this.#leave.busy = false
    this.#elsewhere.follow(this.#talk.connection)
  }

  /** @param {Conversation} conversation */
  #ended(conversation) {
    const stage = conversation.service?.stage
    if (stage?.name !== "ended" || !stage.agent || this.#rated.has(conversation.id) || this.#view !== "chat") return
    if (stage.by === "visitor_closed") this.#rate(conversation, true)
    // The agent ended it: the note is read first, and the focus stays.
    else if (stage.by === "agent_closed") setTimeout(() => this.#rateStill(conversation), RATE_AFTER_MS)
  }

  /** @param {Conversation} conversation */
  #rateStill(conversation) {
    if (this.#view === "chat" && this.#shown === conversation.id) this.#rate(conversation, false)
  }

  /**
   * @param {Conversation} conversation
   * @param {boolean} focus
   */
  #rate(conversation, focus) {
    const { strings } = this.#voice
    const agent = this.#talk.chat.agent(conversation)
    this.#rated.add(conversation.id)
    const form = ratingForm({
      ...this.#voice,
      agent,
      send: (given) => {
        this.#talk.rate(conversation.id, given)
        const again = () => this.#begin()
        this.#part("thanks").replaceChildren(...thanks(strings, agent?.name ?? "", given.stars, again))
        this.#go("thanks", true)
      },
      skip: () => this.#go("chat", true),
    })
    this.#part("rate").replaceChildren(form)
    this.#go("rate", focus)
  }

  // What is shown.

  /**
   * @param {View} view
   * @param {boolean} byVisitor the focus goes there too
   */
  #go(view, byVisitor) {
    this.#view = view
    if (byVisitor) this.#fresh = false
    this.dataset.view = view
    for (const part of this.querySelectorAll("[data-for]")) {
      part.toggleAttribute("hidden", part.getAttribute("data-for") !== view)
    }
    this.#draw()
    if (view === "chat") this.#log.toBottom()
    if (byVisitor) this.#focus()
  }

  #focus() {
    if (this.#view === "leave") this.#leave.focus()
    else if (!this.#composer.hidden) this.#composer.focus()
    else if (!byId("new").hidden) byId("new").focus()
    else this.#part(this.#view).querySelector("h2")?.focus()
  }

  /** @param {View} view */
  #part(view) {
    return /** @type {HTMLElement} */ (this.querySelector(`.stage > [data-for=${view}]`))
  }

  #draw() {
    this.#follow()
    this.#banner.update()
    if (this.#view === "home") this.#home.show(this.#talk.chat, this.#talk.now)
    if (this.#view === "chat") this.#drawLog()
    this.#drawHead()
    this.#drawFoot()
    this.#noteSeen()
    const unread = this.#visible && this.#view === "chat" ? 0 : this.#talk.chat.unread
    if (unread !== this.#saidUnread) this.#host.unread(unread)
    this.#saidUnread = unread
  }

  #drawLog() {
    const { chat, outbox, uploads, connection, now } = this.#talk
    const conversation = this.#conversation
    const held = this.#shown ? chat.log(this.#shown) : null
    const missing = held?.last === 0 && conversation?.head.seq !== 0
    if (this.#shown && missing && connection.state === "live") this.#talk.complete(this.#shown)
    const rows = arrange({
      messages: held?.messages ?? [],
      pending: !conversation || isOpen(conversation) ? outbox.entries : [],
      uploads: !conversation || isOpen(conversation) ? uploads.jobs : [],
      local: (key) => uploads.local(key),
      conversation,
      me: chat.me,
      online: !this.#banner.down && navigator.onLine,
      now,
      unreadFrom: this.#seen.unreadFrom,
      ...this.#voice,
    })
    const left = held?.messages.some(({ type }) => type === "RC:CsLm") ?? false
    const card = rows.length > 0 ? queueCard(conversation?.service, chat.desk, left, this.#voice.strings) : []
    const typist = this.#shown ? chat.typist(this.#shown, Date.now()) : undefined
    this.#log.show([...rows, ...card, ...this.#typing.rows(typist)], held?.more ?? false)
    this.#jump.update()
  }

  #drawHead() {
    const { chat, session, now } = this.#talk
    const home = this.#view === "home"
    const conversation = home || this.#view === "leave" || this.#view === "stored" ? undefined : this.#conversation
    const agent = chat.agent(conversation)
    const down = this.#banner.down && session.stands
    const { dot, text } = statusOf({ down, conversation, agent, desk: chat.desk, now }, this.#voice)
    byId("back").hidden = home
    byId("more").hidden = this.#view === "rate" || this.#view === "thanks"
    wear(/** @type {HTMLElement} */ (this.querySelector(".head-face .avatar")), agent, this.#voice.siteName)
    const name = byId("head-name")
    say(name, agent?.name ?? this.#voice.siteName)
    name.role = home ? null : "heading"
    name.ariaLevel = home ? null : "1"
    const [point, words] = /** @type {HTMLElement[]} */ ([...byId("status").children])
    if (point) point.dataset.dot = dot
    if (words) say(words, text)
    this.#drawEdge()
  }

  /** A line under the header when something lies beneath it. */
  #drawEdge() {
    this.toggleAttribute("data-scrolled", this.#view === "chat" && this.#log.scrollTop > 4)
  }

  #drawFoot() {
    const { strings } = this.#voice
    const conversation = this.#conversation
    const over = this.#view === "chat" && conversation !== undefined && !isOpen(conversation)
    const writes = this.#view === "home" || (this.#view === "chat" && !over)
    byId("new").hidden = !over
    this.#composer.hidden = !writes
    byId("foot").toggleAttribute("data-empty", !over && !writes)
    const agent = this.#talk.chat.agent(conversation)
    const queued = conversation?.service?.stage.name === "queued"
    if (this.#view === "home") this.#composer.placeholder = strings.get("home-write")
    else if (agent) this.#composer.placeholder = strings.get("comp-to", { name: agent.name })
    else this.#composer.placeholder = strings.get(queued ? "comp-add" : "comp-message")
  }

  /** Draws the line above what is new since the last look. */
  #markUnread() {
    const conversation = this.#view === "chat" ? this.#conversation : undefined
    if (!this.#seen.begin(conversation && this.#talk.chat.mine(conversation))) return
    this.#drawLog()
    this.#log.toUnread()
  }

  #noteSeen() {
    const conversation = this.#view === "chat" && this.#visible ? this.#conversation : undefined
    this.#seen.update(conversation && this.#talk.chat.mine(conversation), () => (this.#visible ? this.#log.seen : 0))
  }
}

customElements.define("parlor-widget", Widget)
