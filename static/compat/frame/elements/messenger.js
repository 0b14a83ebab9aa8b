import { takeDrops } from "../../../shared/lib/drop.js"
import { Leader } from "../../../shared/lib/leader.js"
import { Sounds } from "../../../shared/lib/sound.js"
import { mediaOf, sizeWords } from "../../../shared/models/media.js"
import { byId, say } from "../../../widget/lib/dom.js"
import { Shelf } from "../../../widget/lib/storage.js"
import { Voice } from "../../../widget/lib/voice.js"
import { arrange, noteOf, spokenOf } from "../../../widget/models/rows.js"
import { Seen } from "../../../widget/models/seen.js"
import { Host } from "../../../widget/net/host.js"
import { Banner } from "../../../widget/views/banner.js"
import { Jump } from "../../../widget/views/jump.js"
import { elsewhereSheet } from "../../../widget/elements/sheet.js"
import { keyOf } from "../../shared/shapes.js"
import { Names } from "../models/names.js"
import { Post } from "../models/post.js"
import { readable } from "../models/said.js"
import { dress, Roster } from "../views/roster.js"

/** @import { Table } from "../../../shared/lib/strings.js" */
/** @import { Entry as Unsent } from "../../../shared/models/outbox.js" */
/** @import { Media } from "../../../shared/models/media.js" */
/** @import { StagedFile } from "../../../shared/views/staged.js" */
/** @import { Conversation, Message, Person } from "../../../shared/net/protocol.js" */
/** @import { Row } from "../../../widget/models/rows.js" */
/** @import { Composer } from "../../../widget/elements/composer.js" */
/** @import { Log } from "../../../widget/elements/log.js" */
/** @import { Place } from "../../shared/shapes.js" */
/** @import { Entry } from "../views/roster.js" */

/**
 * @typedef {object} PageData
 * @property {string} app
 * @property {string} site its name
 * @property {string[]} origins
 * @property {string} language
 * @property {Table} texts
 * @property {{ emoji: string, lightbox: string }} modules
 * @property {{ image: number, file: number }} limits bytes
 * @property {string[]} light
 * @property {string[]} dark
 *
 * @typedef {object} Wishes what the page around the frame asked for
 * @property {string} token
 * @property {boolean} list whether the list stands beside the conversation
 * @property {boolean} right whether it stands on the right
 * @property {string[]} hidden keys of conversations that are never listed nor counted
 * @property {boolean} mutable whether there are sounds to mute
 * @property {boolean} presence whether the page knows who is here
 */

const CHATROOM = 4
const GROUPS = [2, 3]
const TYPING_PAUSE_MS = 4_000
const TYPING_SHOWN_MS = 8_100
const MINUTE_MS = 60_000
const PROBLEM_MS = 8_000

/** A user's conversations on a page that was written for the original widget. */
export class Messenger extends HTMLElement {
  /** @type {PageData} */
  #start = JSON.parse(byId("page-data").textContent ?? "{}")
  #voice = new Voice(this.#start.texts, this.#start.language, this.#start.site)
  #log = /** @type {Log} */ (this.querySelector("parlor-log"))
  #composer = /** @type {Composer} */ (this.querySelector("parlor-composer"))
  #shelf = new Shelf(`compat.${this.#start.app}`)
  #sounds = new Sounds()
  #leader = new Leader(`compat.${this.#start.app}`)
  /** @type {Wishes} */
  #wishes = { token: "", list: false, right: false, hidden: [], mutable: false, presence: false }
  /** @type {Post | null} */
  #post = null
  /** @type {Banner | null} */
  #banner = null
  /** The conversation on the screen. @type {Place | null} */
  #place = null
  /** What the page calls it. */
  #title = ""
  /** @type {Map<string, string>} */
  #drafts = new Map()
  /** Who is here, as the page says. @type {Map<string, boolean>} */
  #here = new Map()
  #drawing = false
  #saidUnread = -1
  #saidCurrent = ""
  #saidWatch = ""
  #saidState = ""
  #wasElsewhere = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typingTimer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #dotsTimer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #problemTimer

  #host = new Host(this.#start.origins, {
    hosted: () => this.#hosted(),
    opened: (focus, full) => this.#opened(focus, full),
    closed: () => this.#update(),
    told: (said) => this.#told(/** @type {Record<string, any>} */ (said)),
  })
  #names = new Names((what, id) => this.#host.tell({ t: "ask", what, id }))
  #roster = new Roster(this.#voice.strings, {
    open: (key) => this.#choose(key),
    remove: (key) => this.#remove(key),
    changed: () => this.#update(),
  })
  #jump = new Jump(this.#log, this.#voice.strings, () => {
    this.#moved()
    this.#composer.focus()
  })
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
    const { strings } = this.#voice
    this.#log.words = {
      retry: strings.get("state-retry"),
      discard: strings.get("state-delete"),
      discardName: strings.get("a11y-delete"),
    }
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
    const { limits, language } = this.#start
    this.#composer.files = { say: this.#say, language, limits, refused: (why) => this.#complain(why) }
    takeDrops(this, {
      allowed: () => !this.#composer.hidden && !byId("attach").hidden,
      over: (on) => this.#drop(on),
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
        for (const { id, status } of said.list) this.#here.set(String(id), status === true)
        return this.#update()
      default:
    }
  }

  /** @param {Record<string, any>} said */
  #begin(said) {
    this.#post?.stop()
    this.#wishes = {
      token: String(said.token ?? ""),
      list: said.list === true,
      right: said.right === true,
      hidden: Array.isArray(said.hidden) ? said.hidden.map(String) : [],
      mutable: said.mutable === true,
      presence: said.presence === true,
    }
    this.toggleAttribute("data-list", this.#wishes.list)
    this.toggleAttribute("data-right", this.#wishes.right)
    const post = new Post(
      { app: this.#start.app, token: this.#wishes.token },
      {
        changed: () => this.#update(),
        welcomed: () => this.#host.tell({ t: "connected", user: post.inbox.me?.id }),
        state: () => this.#tellState(),
        arrived: (message) => this.#arrived(message),
        sent: (entry, message) => this.#sent(entry, message),
      },
    )
    this.#post = post
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

  #tellState() {
    if (!this.#post) return
    const { state, reason } = this.#post.connection
    if (`${state} ${reason}` === this.#saidState) return
    this.#saidState = `${state} ${reason}`
    this.#host.tell({ t: "status", state, reason })
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
    this.#title = title || (same ? this.#title : "")
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
    clearTimeout(this.#typingTimer)
    const conversation = this.#conversation
    if (conversation?.kind !== "private") return
    this.#post?.typing(conversation.id, text !== "")
    if (text) this.#typingTimer = setTimeout(() => this.#post?.typing(conversation.id, false), TYPING_PAUSE_MS)
  }

  /** @param {HTMLElement} button */
  async #emoji(button) {
    /** @type {typeof import("../../../shared/emoji/main.js")} */
    const { toggleEmoji } = await import(this.#start.modules.emoji)
    toggleEmoji({
      parent: byId("foot"),
      button,
      language: this.#start.language,
      say: this.#say,
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
    const post = this.#post
    const conversation = this.#conversation
    if (!post || !conversation) return
    /** @type {typeof import("../../../shared/lightbox/main.js")} */
    const { openLightbox } = await import(this.#start.modules.lightbox)
    const { times } = this.#voice
    const pictures = post.inbox.log(conversation.id).messages.flatMap(({ type, content, from, at }) => {
      const carried = mediaOf(type, content)
      if (carried?.kind !== "image") return []
      const who = from.id === post.inbox.me?.id ? this.#say("msg-you") : this.#names.person(from).name
      return [{ media: carried, who, when: `${times.day(at, post.now)}, ${times.clock(at)}` }]
    })
    const at = pictures.findIndex((one) => one.media.file === media.file && one.media.href === media.href)
    if (at >= 0) openLightbox({ pictures, at, links: post.links, say: this.#say, opener })
  }

  /** @param {boolean} on */
  #drop(on) {
    byId("drop").hidden = !on
    if (!on) return
    say(byId("drop-title"), this.#say("comp-drop", { name: this.#named(this.#place) }))
    const size = sizeWords(this.#start.limits.file, this.#start.language)
    say(byId("drop-limits"), this.#say("comp-limits", { size }))
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
    const shown = this.#readable(told)
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
    this.dataset.pane = this.#place ? "chat" : "list"
    this.#banner?.update()
    this.#followLine()
    this.#drawRoster()
    this.#drawHead()
    byId("choose").hidden = this.#place !== null
    byId("chat").hidden = this.#place === null
    if (this.#place) this.#drawLog()
    this.#drawFoot()
    this.#noteSeen()
    this.#tellRest()
  }

  #followLine() {
    const connection = this.#post?.connection
    const elsewhere = connection?.state === "ended" && connection.reason === "elsewhere"
    this.toggleAttribute("data-elsewhere", elsewhere)
    if (elsewhere && !this.#wasElsewhere) {
      const words = { title: this.#say("else-title"), text: this.#say("else-text"), here: this.#say("else-here") }
      elsewhereSheet(words, () => connection.retry())
    }
    this.#wasElsewhere = elsewhere
  }

  /** Counts, the conversation on the screen, and whose presence the page is asked for. */
  #tellRest() {
    const unread = this.#unread
    if (unread !== this.#saidUnread) this.#host.tell({ t: "unread", n: unread })
    this.#saidUnread = unread
    const current = this.#current()
    const print = JSON.stringify(current)
    if (print !== this.#saidCurrent) this.#host.tell({ t: "current", conversation: current })
    this.#saidCurrent = print
    if (!this.#wishes.presence || !this.#wishes.list || !this.#post) return
    const ids = this.#post.inbox.list.filter(({ kind }) => kind === "private").map((one) => this.#placeOf(one).target)
    if (ids.join(" ") !== this.#saidWatch) this.#host.tell({ t: "watch", ids })
    this.#saidWatch = ids.join(" ")
  }

  /** The conversation on the screen, as the page gets it. */
  #current() {
    if (!this.#place) return null
    const { type, target } = this.#place
    const conversation = this.#conversation
    const person = this.#face(this.#place, conversation).person
    return {
      targetType: type,
      targetId: target,
      title: this.#named(this.#place),
      portraitUri: person?.picture ?? "",
      unreadMessageCount: conversation ? (this.#post?.inbox.unreadOf(conversation) ?? 0) : 0,
      onLine: this.#isHere(this.#place, conversation) === true,
    }
  }

  /** @param {Place | null} place */
  #named(place) {
    if (!place) return ""
    if (this.#title && this.#place && keyOf(place) === keyOf(this.#place)) return this.#title
    const { type, target } = place
    const conversation = this.#post?.inbox.at(place)
    if (type === CHATROOM) return this.#say("compat-room", { name: conversation?.group?.name || target })
    if (GROUPS.includes(type)) return this.#names.of("group", target)?.name || conversation?.group?.name || target
    if (type === 5) return this.#say("compat-service")
    const other = conversation?.participants.find(({ id }) => id === target)
    if (type === 6) return other?.name || this.#say("compat-system")
    return this.#names.of("person", target)?.name || other?.name || target
  }

  /**
   * @param {Place} place
   * @param {Conversation | undefined} conversation
   * @returns {{ person: Person | null, symbol: string, square: boolean }}
   */
  #face(place, conversation) {
    const { type, target } = place
    const name = this.#named(place)
    if (type === CHATROOM) return { person: null, symbol: "room", square: true }
    if (type === 6) return { person: null, symbol: "notice", square: true }
    const group = GROUPS.includes(type)
    const picture = this.#names.of(group ? "group" : "person", target)?.portrait
    const portrait = conversation?.participants.find(({ id }) => id === target)?.portrait
    const person = {
      id: target,
      name,
      role: /** @type {const} */ ("user"),
      ...(picture && { picture }),
      ...(portrait && { portrait }),
    }
    return { person, symbol: "", square: group }
  }

  /**
   * @param {Place} place
   * @param {Conversation | undefined} conversation
   * @returns {boolean | undefined} undefined when nobody says
   */
  #isHere({ type, target }, conversation) {
    if (type !== 1) return undefined
    if (this.#wishes.presence) return this.#here.get(target)
    return conversation?.participants.find(({ id }) => id === target)?.online
  }

  #drawRoster() {
    const mute = byId("mute")
    mute.hidden = !this.#wishes.mutable
    mute.ariaPressed = String(this.#sounds.muted)
    mute.querySelector("use")?.setAttribute("href", this.#sounds.muted ? "#i-sound-off" : "#i-sound")
    const inbox = this.#post?.inbox
    const listed = inbox?.list.filter((conversation) => !this.#isHidden(this.#placeOf(conversation))) ?? []
    const entries = this.#wishes.list ? listed.map((conversation) => this.#entry(conversation)) : []
    this.#roster.show(entries, this.#place ? keyOf(this.#place) : "")
  }

  /** @param {Conversation} conversation @returns {Entry} */
  #entry(conversation) {
    const place = this.#placeOf(conversation)
    const { times } = this.#voice
    const now = this.#post?.now ?? Date.now()
    const here = this.#isHere(place, conversation)
    const face = this.#face(place, conversation)
    // Who stays away is not news, unless the page itself says so.
    const off = here === false && this.#wishes.presence ? "off" : ""
    return {
      ...face,
      key: keyOf(place),
      title: this.#named(place),
      dot: here ? "good" : off,
      preview: this.#preview(conversation, place),
      time: times.brief(conversation.last?.at ?? conversation.changed_at, now),
      unread: this.#post?.inbox.unreadOf(conversation) ?? 0,
    }
  }

  /**
   * @param {Conversation} conversation
   * @param {Place} place
   */
  #preview({ last }, place) {
    const me = this.#post?.inbox.me
    const shown = last && this.#readable(this.#names.message(last))
    if (!shown) return ""
    const text = spokenOf(shown, this.#voice.strings)
    if (text === null) return noteOf(shown, { ...this.#voice, me })
    if (shown.from.id === me?.id) return this.#say("preview-you", { text })
    return GROUPS.includes(place.type) ? `${shown.from.name}: ${text}` : text
  }

  /** @param {Message} message */
  #readable(message) {
    const named = (/** @type {string} */ id) => this.#names.of("person", id)?.name ?? ""
    return readable(message, { strings: this.#voice.strings, name: named })
  }

  #drawHead() {
    const place = this.#place
    byId("back").hidden = !this.#wishes.list
    byId("close").hidden = this.#wishes.list
    byId("leave").hidden = place === null
    const conversation = this.#conversation
    if (place) {
      const { person, symbol, square } = this.#face(place, conversation)
      dress(/** @type {HTMLElement} */ (this.querySelector(".head-face .avatar")), person, symbol, square)
    }
    this.toggleAttribute("data-nobody", place === null)
    const name = byId("head-name")
    say(name, this.#named(place))
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
    if (!place) return { dot: "", text: "" }
    if (this.#isHere(place, conversation)) return { dot: "good", text: this.#say("status-online") }
    const members = conversation?.group?.members ?? 0
    if (place.type === CHATROOM && members > 0) return { dot: "", text: this.#say("list-room", { n: members }) }
    if (GROUPS.includes(place.type) && members > 0)
      return { dot: "", text: this.#say("compat-members", { n: members }) }
    return { dot: "", text: "" }
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
      messages: messages.flatMap((message) => this.#readable(this.#names.message(message)) ?? []),
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
    this.#log.show([...rows, ...this.#typing()], held?.more ?? false)
    this.#jump.update()
  }

  /** @returns {Row[]} */
  #typing() {
    const conversation = this.#conversation
    const typist = conversation ? this.#post?.inbox.typist(conversation.id, Date.now()) : undefined
    const person = typist && this.#names.person(typist)
    const text = person ? this.#say("typing-one", { name: person.name }) : ""
    say(byId("said"), text) // once per burst; that it stopped is not news
    clearTimeout(this.#dotsTimer)
    if (!person) return []
    this.#dotsTimer = setTimeout(() => this.#update(), TYPING_SHOWN_MS)
    return [{ kind: "typing", key: "typing", person, text }]
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
    this.#composer.placeholder = place ? this.#say("comp-to", { name: this.#named(place) }) : ""
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
  #alert(text) {
    const alert = byId("alert")
    alert.textContent = ""
    requestAnimationFrame(() => say(alert, text))
  }
}

/** @param {any} said @returns {Place | null} */
function placeFrom(said) {
  const type = Number(said?.type)
  const target = String(said?.target ?? "")
  return Number.isInteger(type) && type >= 1 && type <= 8 && target ? { type, target } : null
}

customElements.define("parlor-messenger", Messenger)
