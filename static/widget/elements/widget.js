import { takeDrops } from "../../shared/lib/drop.js"
import { Leader } from "../../shared/lib/leader.js"
import { Sounds } from "../../shared/lib/sound.js"
import { contextOf } from "../lib/device.js"
import { byId, say, wear } from "../lib/dom.js"
import { Shelf } from "../lib/storage.js"
import { download, transcript } from "../lib/transcript.js"
import { Voice } from "../lib/voice.js"
import { mediaOf, sizeWords } from "../../shared/models/media.js"
import { isOpen } from "../models/chat.js"
import { arrange, isSpoken } from "../models/rows.js"
import { Seen } from "../models/seen.js"
import { Talk } from "../models/talk.js"
import { Host } from "../net/host.js"
import { Banner } from "../views/banner.js"
import { Home } from "../views/home.js"
import { Jump } from "../views/jump.js"
import { Leave, showStored } from "../views/leave.js"
import { queueCard } from "../views/queue.js"
import { ratingForm, thanks } from "../views/rating.js"
import { statusOf } from "../views/status.js"
import { confirmSheet, elsewhereSheet } from "./sheet.js"

/** @import { Table } from "../../shared/lib/strings.js" */
/** @import { Entry } from "../../shared/models/outbox.js" */
/** @import { Media } from "../../shared/models/media.js" */
/** @import { StagedFile } from "../../shared/views/staged.js" */
/** @import { Conversation, Message, Sent } from "../../shared/net/protocol.js" */
/** @import { Row } from "../models/rows.js" */
/** @import { Start } from "../models/talk.js" */
/** @import { Composer } from "./composer.js" */
/** @import { Log } from "./log.js" */
/** @import { Item, Menu } from "./menu.js" */

/** @typedef {"home" | "chat" | "leave" | "stored" | "rate" | "thanks"} View */
/**
 * @typedef {object} Page
 * @property {string} language
 * @property {Table} texts
 * @property {{ emoji: string, lightbox: string }} modules
 * @property {Limits} limits
 * @property {string[]} light colours of the button on the page around the frame
 * @property {string[]} dark
 * @typedef {Start & Page} PageData
 * @typedef {{ image: number, file: number }} Limits bytes
 */

const RATE_AFTER_MS = 1_000
const TYPING_PAUSE_MS = 4_000
const TYPING_SHOWN_MS = 8_100
const MINUTE_MS = 60_000
const PROBLEM_MS = 8_000

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
  #wasElsewhere = false
  #drawing = false
  /** The page around the frame wants to hear what is said. */
  #tells = false
  /** @type {Set<string>} */
  #rated = new Set()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typingTimer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #dotsTimer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #problemTimer

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
  #home = new Home(this.#voice, { open: (id) => this.#open(id, true), ask: (question) => this.#say(question) })
  #leave = new Leave(this.#voice.strings, this.#talk.shelf, (answers) => this.#leaveMessage(answers))
  #banner = new Banner(this.#voice.strings, this.#talk.connection, {
    needed: () => this.#talk.session.stands,
    changed: () => this.#update(),
  })
  #jump = new Jump(this.#log, this.#voice.strings, () => {
    this.#moved()
    this.#composer.focus()
  })
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
    this.#log.words = {
      retry: strings.get("state-retry"),
      discard: strings.get("state-delete"),
      discardName: strings.get("a11y-delete"),
    }
    this.#log.media = {
      links: this.#talk.links,
      language: this.#start.language,
      say: (key, args) => strings.get(key, args),
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
    const { strings } = this.#voice
    this.#composer.words = {
      empty: strings.get("comp-send-empty"),
      tooLong: (n) => strings.get("comp-too-long", { n }),
    }
    this.#composer.events = {
      send: (text, files) => this.#send(text, files),
      input: (text) => this.#wrote(text),
      refused: (why) => this.#alert(why),
      emoji: (button) => this.#emoji(button),
    }
    const say = (/** @type {string} */ key, /** @type {any} */ args) => strings.get(key, args)
    const { limits, language } = this.#start
    this.#composer.files = { say, language, limits, refused: (why) => this.#complain(why) }
    takeDrops(this, {
      allowed: () => !this.#composer.hidden,
      over: (on) => this.#drop(on),
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

  /** @returns {Conversation | undefined} */
  get #conversation() {
    return this.#talk.chat.conversation(this.#shown)
  }

  /** @returns {boolean} whether somebody looks */
  get #visible() {
    return this.#host.open && document.visibilityState === "visible"
  }

  // What the visitor does.

  /** @param {string} text */
  #say(text) {
    if (this.#conversation && !isOpen(this.#conversation)) this.#shown = null
    this.#shown ??= this.#talk.chat.running?.id ?? null
    this.#talk.say(text)
    if (this.#view !== "chat") this.#go("chat", true)
    this.#log.toBottom()
  }

  /**
   * @param {string} text
   * @param {StagedFile[]} files
   */
  #send(text, files) {
    if (files.length === 0) return this.#say(text)
    if (this.#conversation && !isOpen(this.#conversation)) this.#shown = null
    this.#shown ??= this.#talk.chat.running?.id ?? null
    this.#talk.sendFiles(files, text)
    if (this.#view !== "chat") this.#go("chat", true)
    this.#log.toBottom()
  }

  /** @param {HTMLElement} button */
  async #emoji(button) {
    /** @type {typeof import("../../shared/emoji/main.js")} */
    const { toggleEmoji } = await import(this.#start.modules.emoji)
    toggleEmoji({
      parent: byId("foot"),
      button,
      language: this.#start.language,
      say: (key) => this.#voice.strings.get(key),
      insert: (sign) => this.#composer.insert(sign),
      done: () => this.#composer.focus(),
      keep: Shelf.box,
    })
  }

  /**
   * Shows a picture large, among the others of this conversation.
   * @param {Media} media
   * @param {HTMLElement} opener
   */
  async #enlarge(media, opener) {
    /** @type {typeof import("../../shared/lightbox/main.js")} */
    const { openLightbox } = await import(this.#start.modules.lightbox)
    const { strings, times } = this.#voice
    const { chat, links, now, uploads } = this.#talk
    const messages = this.#shown ? chat.log(this.#shown).messages : []
    const pictures = messages.flatMap(({ type, content, from, at, client_id }) => {
      const carried = mediaOf(type, content)
      if (carried?.kind !== "image") return []
      const own = from.id === chat.me?.id
      const who = own ? strings.get("msg-you") : from.name
      const local = own ? uploads.local(client_id) : undefined
      const shown = local ? { ...carried, local } : carried
      return [{ media: shown, who, when: `${times.day(at, now)}, ${times.clock(at)}` }]
    })
    const at = pictures.findIndex((one) => one.media.file === media.file && one.media.href === media.href)
    const say = (/** @type {string} */ key, /** @type {any} */ args) => strings.get(key, args)
    if (at >= 0) openLightbox({ pictures, at, links, say, opener })
  }

  /** @param {boolean} on */
  #drop(on) {
    byId("drop").hidden = !on
    if (!on) return
    const { strings, siteName } = this.#voice
    const name = this.#talk.chat.agent(this.#conversation)?.name ?? siteName
    say(byId("drop-title"), strings.get("comp-drop", { name }))
    const size = sizeWords(this.#start.limits.file, this.#start.language)
    say(byId("drop-limits"), strings.get("comp-limits", { size }))
  }

  /** Says aloud and shows why a file is not sent. @param {string} why */
  #complain(why) {
    const place = byId("problem")
    place.textContent = why
    place.hidden = false
    clearTimeout(this.#problemTimer)
    this.#problemTimer = setTimeout(() => {
      place.hidden = true
    }, PROBLEM_MS)
  }

  /** @param {string} text */
  #wrote(text) {
    this.#talk.shelf.set("draft", text)
    if (text) this.#talk.begin() // so that the line stands when the message goes
    clearTimeout(this.#typingTimer)
    const conversation = this.#conversation
    if (!conversation || !isOpen(conversation)) return
    this.#talk.typing(conversation.id, text !== "")
    if (text) this.#typingTimer = setTimeout(() => this.#talk.typing(conversation.id, false), TYPING_PAUSE_MS)
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
    this.#followLine()
  }

  #followLine() {
    const { connection } = this.#talk
    const elsewhere = connection.state === "ended" && connection.reason === "elsewhere"
    this.toggleAttribute("data-elsewhere", elsewhere)
    if (elsewhere && !this.#wasElsewhere) {
      const { strings } = this.#voice
      const words = { title: strings.get("else-title"), text: strings.get("else-text"), here: strings.get("else-here") }
      elsewhereSheet(words, () => connection.retry())
    }
    this.#wasElsewhere = elsewhere
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

  /** Many things may change at once; the screen is drawn once. */
  #update() {
    if (this.#drawing) return
    this.#drawing = true
    queueMicrotask(() => {
      this.#drawing = false
      this.#draw()
    })
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
    this.#log.show([...rows, ...card, ...this.#typing()], held?.more ?? false)
    this.#jump.update()
  }

  /** @returns {Row[]} */
  #typing() {
    const person = this.#shown ? this.#talk.chat.typist(this.#shown, Date.now()) : undefined
    const text = person ? this.#voice.strings.get("typing-one", { name: person.name }) : ""
    say(byId("said"), text) // once per burst; that it stopped is not news
    clearTimeout(this.#dotsTimer)
    if (!person) return []
    this.#dotsTimer = setTimeout(() => this.#update(), TYPING_SHOWN_MS)
    return [{ kind: "typing", key: "typing", person, text }]
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

  /** @param {string} text */
  #alert(text) {
    const alert = byId("alert")
    alert.textContent = ""
    requestAnimationFrame(() => say(alert, text))
  }
}

customElements.define("parlor-widget", Widget)
