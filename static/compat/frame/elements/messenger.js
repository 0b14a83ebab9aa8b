import { takeDrops } from "../../../shared/lib/drop.js"
import { Leader } from "../../../shared/lib/leader.js"
import { Sounds } from "../../../shared/lib/sound.js"
import { byId, say } from "../../../widget/lib/dom.js"
import { once } from "../../../widget/lib/once.js"
import { Shelf } from "../../../widget/lib/storage.js"
import { Voice } from "../../../widget/lib/voice.js"
import { arrange, spokenOf } from "../../../widget/models/rows.js"
import { Seen } from "../../../widget/models/seen.js"
import { Host } from "../../../widget/net/host.js"
import { Banner } from "../../../widget/views/banner.js"
import { Elsewhere } from "../../../widget/views/elsewhere.js"
import { Jump } from "../../../widget/views/jump.js"
import { enlarge, showDrop, toggleSigns } from "../../../widget/views/media.js"
import { announce, complain } from "../../../widget/views/trouble.js"
import { Typing } from "../../../widget/views/typing.js"
import { composerWords, logWords } from "../../../widget/views/words.js"
import { keyOf } from "../../shared/shapes.js"
import { CHATROOM, Faces } from "../models/faces.js"
import { Names } from "../models/names.js"
import { Post } from "../models/post.js"
import { placeFrom, wishesFrom } from "../models/wishes.js"
import { Report } from "../net/report.js"
import { dress, Roster } from "../views/roster.js"

/** @import { Table } from "../../../shared/lib/strings.js" */
/** @import { Entry as Unsent } from "../../../shared/models/outbox.js" */
/** @import { Media } from "../../../shared/models/media.js" */
/** @import { StagedFile } from "../../../shared/views/staged.js" */
/** @import { Conversation, Message } from "../../../shared/net/protocol.js" */
/** @import { Composer } from "../../../widget/elements/composer.js" */
/** @import { Log } from "../../../widget/elements/log.js" */
/** @import { Means } from "../../../widget/views/media.js" */
/** @import { Place } from "../../shared/shapes.js" */
/** @import { Wishes } from "../models/wishes.js" */

/**
 * @typedef {object} Page
 * @property {string} app
 * @property {string} site its name
 * @property {string[]} origins
 * @property {Table} texts
 * @property {string[]} light
 * @property {string[]} dark
 * @typedef {Means & Page} PageData
 */

const MINUTE_MS = 60_000

/** A user's conversations on a page that was written for the original widget. */
export class Messenger extends HTMLElement {
  #update = once(() => this.#draw())
  /** @type {PageData} */
  #start = JSON.parse(byId("page-data").textContent ?? "{}")
  #voice = new Voice(this.#start.texts, this.#start.language, this.#start.site)
  #log = /** @type {Log} */ (this.querySelector("parlor-log"))
  #composer = /** @type {Composer} */ (this.querySelector("parlor-composer"))
  #shelf = new Shelf(`compat.${this.#start.app}`)
  #sounds = new Sounds()
  #leader = new Leader(`compat.${this.#start.app}`)
  /** @type {Wishes} */
  #wishes = wishesFrom({})
  /** @type {Post | null} */
  #post = null
  /** @type {Banner | null} */
  #banner = null
  /** The conversation on the screen. @type {Place | null} */
  #place = null
  /** @type {Map<string, string>} */
  #drafts = new Map()

  #host = new Host(this.#start.origins, {
    hosted: () => this.#hosted(),
    opened: (focus, full) => this.#opened(focus, full),
    closed: () => this.#update(),
    told: (said) => this.#told(/** @type {Record<string, any>} */ (said)),
  })
  #report = new Report(this.#host)
  #names = new Names((what, id) => this.#host.tell({ t: "ask", what, id }))
  #faces = new Faces(this.#voice, this.#names)
  #roster = new Roster(this.#voice.strings, {
    open: (key) => this.#choose(key),
    remove: (key) => this.#remove(key),
    changed: () => this.#update(),
  })
  #jump = new Jump(this.#log, this.#voice.strings, () => {
    this.#moved()
    this.#composer.focus()
  })
  #elsewhere = new Elsewhere(this, this.#voice.strings)
  #typing = new Typing(this.#voice.strings, () => this.#update())
  #seen = this.#newSeen()

  connectedCallback() {
    this.#sounds.muted = this.#shelf.get("muted") !== ""
    this.#wireLog()
    this.#wireComposer()
    this.#wirePage()
    this.#draw()
  }

  #newSeen() {
    return new Seen({
      read: (seq) => {
        const conversation = this.#conversation
        if (conversation && conversation.kind !== "chatroom") this.#post?.read(conversation.id, seq)
      },
      changed: () => this.#update(),
    })
  }

  #wireLog() {
    this.#log.words = logWords(this.#voice.strings)
    this.#log.events = {
      earlier: () => this.#conversation && this.#post?.earlier(this.#conversation.id),
      retry: (key) => (this.#post?.uploads.has(key) ? this.#post.uploads.retry(key) : this.#post?.retry(key)),
      discard: (key) => (this.#post?.uploads.has(key) ? this.#post.uploads.discard(key) : this.#post?.discard(key)),
      leave: () => {},
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
      emoji: (button) => toggleSigns(this.#composer, button, this.#start, this.#say),
    }
    const { limits, language } = this.#start
    this.#composer.files = { say: this.#say, language, limits, refused: complain }
    takeDrops(this, {
      allowed: () => !this.#composer.hidden && !byId("attach").hidden,
      over: (on) => showDrop(on ? this.#faces.named(this.#place) : null, this.#start, this.#say),
      take: (files) => this.#composer.stage(files),
    })
  }

  #wirePage() {
    byId("hide").addEventListener("click", () => this.#host.close())
    byId("close").addEventListener("click", () => this.#host.close())
    byId("leave").addEventListener("click", () => this.#host.tell({ t: "leave" }))
    byId("back").addEventListener("click", () => {
      this.#talkTo(null, "", false)
      this.#roster.focus()
    })
    byId("mute").addEventListener("click", () => this.#mute(!this.#sounds.muted))
    this.addEventListener("keydown", ({ key, isComposing, defaultPrevented }) => {
      if (key === "Escape" && !isComposing && !defaultPrevented) this.#host.close()
    })
    document.addEventListener("visibilitychange", () => this.#update())
    addEventListener("resize", () => this.#update())
    // A day ends, a clock strikes: what is said about time stays true.
    setInterval(() => this.#update(), MINUTE_MS)
  }

  /** @param {string} key @param {any} [args] */
  #say = (key, args) => this.#voice.strings.get(key, args)

  /** @returns {Conversation | undefined} the one on the screen, when it exists already */
  get #conversation() {
    return this.#place ? this.#post?.inbox.at(this.#place) : undefined
  }

  /** @returns {boolean} whether somebody looks */
  get #visible() {
    return this.#host.open && document.visibilityState === "visible"
  }

  // What the page around the frame says.

  #hosted() {
    const { light, dark } = this.#start
    this.toggleAttribute("data-hosted", true)
    this.#host.tell({ t: "look", light, dark })
    this.#host.tell({ t: "muted", on: this.#sounds.muted })
  }

  /** @param {Record<string, any>} said */
  #told(said) {
    switch (said.t) {
      case "begin":
        return this.#begin(said)
      case "talk":
        return this.#talkTo(placeFrom(said.place), String(said.title ?? "").slice(0, 200), false)
      case "person":
      case "group":
        this.#names.learn(said.t, String(said.id), said.name, said.portrait)
        return this.#update()
      case "online":
        if (!Array.isArray(said.list)) return
        for (const { id, status } of said.list) this.#faces.here.set(String(id), status === true)
        return this.#update()
      default:
    }
  }

  /** @param {Record<string, any>} said */
  #begin(said) {
    this.#post?.stop()
    this.#wishes = wishesFrom(said)
    this.#faces.presence = this.#wishes.presence
    this.toggleAttribute("data-list", this.#wishes.list)
    this.toggleAttribute("data-right", this.#wishes.right)
    const post = new Post(
      { app: this.#start.app, token: this.#wishes.token },
      {
        changed: () => this.#update(),
        welcomed: () => this.#host.tell({ t: "connected", user: post.inbox.me?.id }),
        state: () => this.#post && this.#report.state(this.#post.connection),
        arrived: (message) => this.#arrived(message),
        sent: (entry, message) => this.#sent(entry, message),
      },
    )
    this.#post = post
    this.#faces.inbox = post.inbox
    this.#log.media = {
      links: post.links,
      language: this.#start.language,
      say: this.#say,
      open: (media, button) => this.#enlarge(media, button),
      cancel: (key) => post.uploads.discard(key),
    }
    this.#banner = new Banner(this.#voice.strings, post.connection, {
      needed: () => true,
      changed: () => this.#update(),
    })
    this.#update()
  }

  // What the user does.

  /** @param {string} key */
  #choose(key) {
    const conversation = this.#post?.inbox.list.find((one) => keyOf(this.#placeOf(one)) === key)
    if (conversation) this.#talkTo(this.#placeOf(conversation), "", true)
  }

  /**
   * @param {Place | null} place
   * @param {string} title
   * @param {boolean} byPerson the focus goes there too
   */
  #talkTo(place, title, byPerson) {
    if (this.#place) this.#drafts.set(keyOf(this.#place), this.#composer.value)
    const same = place !== null && this.#place !== null && keyOf(place) === keyOf(this.#place)
    this.#place = place
    this.#faces.turnTo(place, title)
    if (!same) {
      this.#composer.value = place ? (this.#drafts.get(keyOf(place)) ?? "") : ""
      this.#seen.update(undefined, () => 0)
      this.#seen = this.#newSeen()
    }
    if (place?.type === CHATROOM) this.#post?.enter(place.target)
    this.#draw()
    if (!place) return
    this.#log.toBottom()
    this.#markUnread()
    if (byPerson) this.#focus()
  }

  /** @param {string} key */
  #remove(key) {
    const conversation = this.#post?.inbox.list.find((one) => keyOf(this.#placeOf(one)) === key)
    if (!conversation) return
    if (this.#place && keyOf(this.#place) === key) this.#talkTo(null, "", false)
    if (conversation.mine) conversation.mine.removed = true
    this.#post?.remove(conversation.id)
  }

  /**
   * @param {string} text
   * @param {StagedFile[]} files
   */
  #send(text, files) {
    const conversation = this.#conversation
    if (!this.#place || !this.#post) return
    if (files.length > 0 && conversation) this.#post.sendFiles(conversation, files, text)
    else this.#post.say(this.#place, text)
    this.#log.toBottom()
  }

  /** @param {string} text */
  #wrote(text) {
    const conversation = this.#conversation
    const hears = conversation?.kind === "private"
    this.#typing.wrote(text, hears ? (on) => this.#post?.typing(conversation.id, on) : null)
  }

  /**
   * @param {Media} media
   * @param {HTMLElement} opener
   */
  #enlarge(media, opener) {
    const post = this.#post
    const conversation = this.#conversation
    if (!post || !conversation) return
    enlarge(media, opener, {
      messages: () => post.inbox.log(conversation.id).messages,
      from: ({ from }) => ({
        who: from.id === post.inbox.me?.id ? this.#say("msg-you") : this.#names.person(from).name,
      }),
      now: () => post.now,
      times: this.#voice.times,
      links: post.links,
      means: this.#start,
      say: this.#say,
    })
  }

  /** @param {boolean} muted */
  #mute(muted) {
    this.#sounds.muted = muted
    this.#shelf.set("muted", muted ? "1" : "")
    this.#host.tell({ t: "muted", on: muted })
    this.#update()
  }

  /**
   * @param {boolean} focus
   * @param {boolean} full over the whole screen: what closes looks like closing
   */
  #opened(focus, full) {
    for (const id of ["close", "hide"]) {
      const button = byId(id)
      const less = id === "hide" ? "compat-hide" : "head-minimise"
      button.ariaLabel = this.#say(full ? "head-close" : less)
      button.querySelector("use")?.setAttribute("href", full ? "#i-close" : "#i-chevron-down")
    }
    this.#draw()
    this.#markUnread()
    if (focus) this.#focus()
  }

  #focus() {
    if (this.#place && !this.#composer.hidden) this.#composer.focus()
    else if (this.#place) byId("leave").focus()
    else this.#roster.focus()
  }

  #moved() {
    this.#jump.update()
    this.#drawEdge()
    this.#noteSeen()
  }

  // What happens.

  /** @param {Message} message */
  #arrived(message) {
    const conversation = this.#post?.inbox.conversation(message.conversation)
    if (!conversation || !this.#post) return
    const place = this.#placeOf(conversation)
    const current = this.#place !== null && keyOf(place) === keyOf(this.#place)
    const own = message.from.id === this.#post.inbox.me?.id
    const told = this.#names.message(message)
    const shown = this.#faces.readable(told)
    const loud = !own && this.#post.inbox.counts(message) && !this.#isHidden(place) && !conversation.mine?.muted
    if (current && !own) this.#jump.arrived()
    const text = shown ? (spokenOf(shown, this.#voice.strings) ?? "") : ""
    this.#host.tell({ t: "message", message, place, name: told.from.name, text, loud, current })
    if (!loud) return
    const { list, mutable } = this.#wishes
    if (mutable && (list || current) && !this.#visible && this.#leader.leads) this.#sounds.play("knock")
    if (!this.#host.open) this.#host.say(this.#say("a11y-unread", { n: this.#unread }))
  }

  /**
   * @param {Unsent} entry
   * @param {Message} message
   */
  #sent({ to }, message) {
    const conversation = this.#post?.inbox.conversation(message.conversation)
    const place = conversation ? this.#placeOf(conversation) : "user" in to ? { type: 1, target: to.user } : this.#place
    this.#host.tell({ t: "sent", message, place })
  }

  /** @param {Conversation} conversation @returns {Place} */
  #placeOf(conversation) {
    return /** @type {Post} */ (this.#post).inbox.placeOf(conversation)
  }

  /** @param {Place} place */
  #isHidden(place) {
    return this.#wishes.hidden.includes(keyOf(place))
  }

  /** @returns {number} of the whole list, or of the one conversation when there is no list */
  get #unread() {
    const inbox = this.#post?.inbox
    if (!inbox) return 0
    const counted = this.#wishes.list
      ? inbox.list.filter((conversation) => !this.#isHidden(this.#placeOf(conversation)))
      : [this.#conversation].filter((conversation) => conversation !== undefined)
    return counted.reduce((sum, conversation) => sum + inbox.unreadOf(conversation), 0)
  }

  // What is shown.

  #draw() {
    this.dataset.pane = this.#place ? "chat" : "list"
    this.#banner?.update()
    this.#elsewhere.follow(this.#post?.connection)
    this.#drawRoster()
    this.#drawHead()
    byId("choose").hidden = this.#place !== null
    byId("chat").hidden = this.#place === null
    if (this.#place) this.#drawLog()
    this.#drawFoot()
    this.#noteSeen()
    this.#tellRest()
  }

  /** Counts, the conversation on the screen, and whose presence the page is asked for. */
  #tellRest() {
    this.#report.unread(this.#unread)
    this.#report.current(this.#place && this.#faces.told(this.#place, this.#conversation))
    if (!this.#wishes.presence || !this.#wishes.list || !this.#post) return
    const ids = this.#post.inbox.list.filter(({ kind }) => kind === "private").map((one) => this.#placeOf(one).target)
    this.#report.watch(ids)
  }

  #drawRoster() {
    const mute = byId("mute")
    mute.hidden = !this.#wishes.mutable
    mute.ariaPressed = String(this.#sounds.muted)
    mute.querySelector("use")?.setAttribute("href", this.#sounds.muted ? "#i-sound-off" : "#i-sound")
    const inbox = this.#post?.inbox
    const listed = inbox?.list.filter((conversation) => !this.#isHidden(this.#placeOf(conversation))) ?? []
    const now = this.#post?.now ?? Date.now()
    const entry = (/** @type {Conversation} */ one) => this.#faces.entry(one, this.#placeOf(one), now)
    const entries = this.#wishes.list ? listed.map(entry) : []
    this.#roster.show(entries, this.#place ? keyOf(this.#place) : "")
  }

  #drawHead() {
    const place = this.#place
    byId("back").hidden = !this.#wishes.list
    byId("close").hidden = this.#wishes.list
    byId("leave").hidden = place === null
    const conversation = this.#conversation
    if (place) {
      const { person, symbol, square } = this.#faces.of(place, conversation)
      dress(/** @type {HTMLElement} */ (this.querySelector(".head-face .avatar")), person, symbol, square)
    }
    this.toggleAttribute("data-nobody", place === null)
    const name = byId("head-name")
    say(name, this.#faces.named(place))
    // What is shown alone is what the page is about.
    name.ariaLevel = byId("roster").checkVisibility() ? null : "1"
    const [point, words] = /** @type {HTMLElement[]} */ ([...byId("status").children])
    const { dot, text } = this.#status(place, conversation)
    if (point) {
      point.dataset.dot = dot
      point.hidden = dot === ""
    }
    if (words) say(words, text)
    this.#drawEdge()
  }

  /**
   * @param {Place | null} place
   * @param {Conversation | undefined} conversation
   * @returns {{ dot: string, text: string }}
   */
  #status(place, conversation) {
    if (this.#banner?.down) return { dot: "warn", text: this.#say("status-connecting") }
    return place ? this.#faces.status(place, conversation) : { dot: "", text: "" }
  }

  #drawLog() {
    const { strings } = this.#voice
    const post = this.#post
    const place = this.#place
    if (!post || !place) return
    const conversation = this.#conversation
    const held = conversation ? post.inbox.log(conversation.id) : null
    const missing = conversation && held?.last === 0 && conversation.head.seq !== 0
    if (missing && post.connection.state === "live") post.complete(conversation.id)
    const goes = post.goesTo(place)
    const messages = held?.messages ?? []
    const rows = arrange({
      messages: messages.flatMap((message) => this.#faces.readable(this.#names.message(message)) ?? []),
      pending: post.outbox.entries.filter(goes),
      uploads: post.uploads.jobs.filter(goes),
      local: (key) => post.uploads.local(key),
      conversation,
      me: post.inbox.me,
      online: !this.#banner?.down && navigator.onLine,
      now: post.now,
      unreadFrom: this.#seen.unreadFrom,
      strings,
      times: this.#voice.times,
    })
    const typist = conversation && post.inbox.typist(conversation.id, Date.now())
    this.#log.show([...rows, ...this.#typing.rows(typist && this.#names.person(typist))], held?.more ?? false)
    this.#jump.update()
  }

  /** A line under the header when something lies beneath it. */
  #drawEdge() {
    this.toggleAttribute("data-scrolled", this.#place !== null && this.#log.scrollTop > 4)
  }

  #drawFoot() {
    const place = this.#place
    const conversation = this.#conversation
    const known = this.#post?.inbox.me !== null && this.#post !== null
    const ended = conversation?.group?.dismissed_at !== undefined || conversation?.service?.stage.name === "ended"
    const over = ended || place?.type === 6
    this.#composer.hidden = !place || !known || over
    byId("closed").hidden = !place || !ended
    byId("foot").toggleAttribute("data-empty", Boolean(this.#composer.hidden && byId("closed").hidden))
    // A file belongs to a conversation, which begins with its first message.
    byId("attach").hidden = conversation === undefined || conversation.kind === "chatroom"
    this.#composer.placeholder = place ? this.#say("comp-to", { name: this.#faces.named(place) }) : ""
  }

  /** Draws the line above what is new since the last look. */
  #markUnread() {
    const conversation = this.#visible ? this.#conversation : undefined
    if (!this.#seen.begin(conversation && this.#post?.inbox.mine(conversation))) return
    this.#drawLog()
    this.#log.toUnread()
  }

  #noteSeen() {
    const conversation = this.#visible ? this.#conversation : undefined
    const mine = conversation && this.#post?.inbox.mine(conversation)
    this.#seen.update(mine, () => (this.#visible ? this.#log.seen : 0))
  }
}

customElements.define("parlor-messenger", Messenger)
