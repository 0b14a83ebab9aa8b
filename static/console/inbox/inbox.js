import { Outbox } from "../../shared/models/outbox.js"
import { Attention } from "../lib/attention.js"
import { showMediaBy } from "../lib/carried.js"
import { setClock } from "../lib/clock.js"
import { find, isWriting, slot, write } from "../lib/dom.js"
import { device } from "../lib/keep.js"
import { isDrawer, isPanelOpen, isPhone, isRail, openPanel } from "../lib/look.js"
import { asks } from "../lib/side.js"
import { tooltips } from "../lib/tips.js"
import { followed, pathOf, placeOf } from "../lib/where.js"
import { agentOf, known, nameOf } from "../lib/words.js"
import { Desk, VIEWS } from "../models/desk.js"
import { Drafts } from "../models/drafts.js"
import { Threads } from "../models/thread.js"
import { post } from "../net/api.js"
import { Files } from "../net/files.js"
import { Line } from "../net/line.js"
import { page, region, t } from "../page.js"
import { ConversationPane } from "../panes/conversation.js"
import { ListPane } from "../panes/list.js"
import { Panel } from "../panes/panel.js"
import { Pill } from "../panes/pill.js"
import { RingCards } from "../panes/rings.js"
import { Sidebar } from "../panes/sidebar.js"
import { StatusBlock } from "../panes/status.js"
import { Toast } from "../panes/toast.js"
import { Bell } from "./bell.js"
import { keyboard, paneBeside } from "./keyboard.js"
import { enlarge, takeFiles, toggleSigns } from "./media.js"
import { Reading } from "./reading.js"
import { keysSheet, panelWords, showKeys, togglePanel } from "./sides.js"
import { Taking } from "./taking.js"
import { Views } from "./views.js"
import { Writing } from "./writing.js"

/** @import { Conversation, EndReason, Message, State } from "../../shared/net/protocol.js" */
/** @import { Media } from "../../shared/models/media.js" */
/** @import { Place } from "../lib/where.js" */
/** @import { Thread } from "../models/thread.js" */

/**
 * The inbox: brings together what this page knows (models), what it shows (panes) and the line to the server.
 * The server printed it complete; from here on it changes in place.
 */
export class Inbox {
  #stop = new AbortController()
  #me = page.data.me
  #desk = new Desk(page.data.me, page.data.desk)
  #threads = new Threads()
  #drafts = new Drafts(page.data.me.id, device)
  #outbox = new Outbox(`${page.data.app}.${page.data.me.id}`, device.storage)
  #attention = new Attention()
  /** @type {string | null} */
  #open = null
  #reading = new Reading(
    () => this.#isReading,
    () => this.#thread && this.line.read(this.#thread, this.#thread.log.last),
  )

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    const { signal } = this.#stop
    this.line = new Line(
      { desk: this.#desk, threads: this.#threads, outbox: this.#outbox },
      {
        state: (state, reason) => this.#lineChanged(state, reason),
        welcome: (news) => this.#welcomed(news),
        message: (message, thread, added) => this.#received(message, thread, added),
        conversation: (conversation) => this.#changed(conversation),
        receipt: (id) => this.#touched(id),
        typing: (id) => this.#typed(id),
        desk: () => this.views.showCounts(),
        thread: (id) => this.#grown(id),
      },
    )
    this.files = new Files(this.line, this.#outbox, () => this.#showLog())
    const { links, uploads } = this.files
    const cancel = (/** @type {string} */ key) => this.writing.remove(key)
    const open = (/** @type {Media} */ media, /** @type {HTMLElement} */ opener) =>
      enlarge(media, { opener, messages: this.#thread?.log.messages ?? [], links })
    showMediaBy({ links, say: t, language: region, open, cancel }, (client) => uploads.local(client))
    this.sidebar = new Sidebar(find(root, ".sidebar"))
    this.list = new ListPane(
      find(root, ".list-pane"),
      { state: (id) => this.#rowState(id), conversation: (id) => this.#desk.get(id), more: () => this.views.more() },
      signal,
    )
    this.views = new Views({
      root,
      desk: this.#desk,
      line: this.line,
      list: this.list,
      sidebar: this.sidebar,
      attention: this.#attention,
      counted: () => this.#counted(),
      loaded: () => !this.#current && this.#showEmpty(),
    })
    this.conversation = new ConversationPane(
      slot(root, "conversation"),
      this.#desk,
      {
        earlier: () => this.#thread && this.line.earlier(this.#thread),
        moved: () => this.#reading.look(),
        tryAgain: (client) => this.writing.tryAgain(client),
        remove: (client) => this.writing.remove(client),
        send: (text, files) => this.#open && this.writing.send(this.#open, text, files),
        emoji: (button) => toggleSigns(this.conversation, button),
        changed: (text) => this.#open && this.#drafts.set(this.#open, text),
        typing: (on) => this.#tellTyping(on),
        leave: () => this.conversation.log.focus(),
      },
      signal,
    )
    this.writing = new Writing({
      line: this.line,
      outbox: this.#outbox,
      files: this.files,
      list: this.list,
      conversation: this.conversation,
      changed: () => this.#showLog(),
    })
    takeFiles(this.conversation, signal)
    this.panel = new Panel(find(root, ".panel"))
    this.cards = new RingCards(
      find(root, ".rings"),
      slot(root, "ring-alert"),
      slot(root, "list-scroll"),
      {
        accept: (id) => this.#accept(id),
        decline: (id) => this.bell.stop(id),
        conversation: (id) => this.#desk.get(id),
      },
      signal,
    )
    this.status = new StatusBlock(
      find(root, ".status"),
      {
        status: (status) => this.#chooseStatus(status),
        sounds: () => this.#toggleSounds(),
        keys: () => showKeys(root),
        signOut: () => this.#signOut(),
      },
      signal,
    )
    this.bell = new Bell({
      cards: this.cards,
      status: this.status,
      sound: () => this.#play("door", 2),
      changed: () => this.#showBadge(),
    })
    this.pill = new Pill(slot(root, "pill"), this.line.connection, () => this.#outbox.entries.length, signal)
    this.toast = new Toast(slot(root, "toast"), signal)
    this.taking = new Taking({
      line: this.line,
      desk: this.#desk,
      bell: this.bell,
      status: this.status,
      conversation: this.conversation,
      toast: this.toast,
      open: (id) => this.#go({ view: "mine", id }, "composer"),
    })
    tooltips(root, (target) => !target.matches(".view") || isRail(), signal)
  }

  begin() {
    setClock(page.data.now)
    this.#takeOver()
    this.#listen()
    this.line.connection.start()
    const ticking = setInterval(() => this.#tick(), 1_000)
    this.#stop.signal.addEventListener("abort", () => clearInterval(ticking))
  }

  end() {
    this.#stop.abort()
    this.line.connection.stop()
    this.#attention.close()
  }

  /** From what the server printed to what this page knows. */
  #takeOver() {
    const { view, conversations, more, open } = page.data
    this.status.sounds(this.#attention.isMuted)
    this.#desk.loaded(view, conversations, more)
    if (open) {
      this.#desk.put(open.conversation)
      const thread = this.#threads.open(open.conversation.id)
      thread.log.reset(open.page.head.epoch, open.page.messages, open.page.more)
      thread.loaded = true
      this.#open = open.conversation.id
      this.conversation.open(thread, this.#drafts.get(thread.id))
    }
    this.list.keep(this.#open)
    this.list.reset(this.views.ids)
    this.list.showMore(more && this.views.endless)
    this.#showOpen()
    this.views.showCounts()
    panelWords(this.root)
  }

  #listen() {
    const { signal } = this.#stop
    this.root.addEventListener("click", (event) => this.#clicked(event), { signal })
    addEventListener("popstate", () => this.#returned(), { signal })
    addEventListener("storage", ({ key, newValue }) => this.#outbox.changed(key, newValue) && this.#showLog(), {
      signal,
    })
    addEventListener("focus", () => this.#reading.look(), { signal })
    document.addEventListener("visibilitychange", () => this.#looked(), { signal })
    const hint = () => queueMicrotask(() => this.cards.hint(isWriting(document.activeElement)))
    for (const event of ["focusin", "focusout"]) this.root.addEventListener(event, hint, { signal })
    this.#keyboard(signal)
  }

  // What came over the line.

  /**
   * @param {State} state
   * @param {EndReason} [reason]
   */
  #lineChanged(state, reason) {
    if (state === "live") this.files.pump()
    if (state === "ended" && (reason === "expired" || reason === "forbidden")) {
      location.assign(`/console/login?next=${location.pathname}`)
      return
    }
    if (state === "live") delete this.root.dataset.line
    else if (state !== "connecting") this.root.dataset.line = "lost"
    this.status.line(this.root.dataset.line === "lost")
    this.pill.tick()
    const conversation = this.#current
    if (conversation) this.conversation.actions(conversation, this.line.isLive)
    this.#showLog()
    if (state === "live") this.#greet()
  }

  /** @param {{ waiting: Conversation[], fresh: (id: string) => boolean, came: number }} news */
  #welcomed({ waiting, fresh, came }) {
    this.pill.came(came)
    for (const conversation of waiting) this.bell.ring(conversation, fresh(conversation.id))
    this.views.refresh()
    this.views.showCounts()
    this.#showOpen()
  }

  /** Things that wait for a live line. */
  #greet() {
    const { status } = this.status
    if (status !== "online") this.line.ask("status", { status })
    if (this.views.endless) this.views.load()
    const thread = this.#thread
    if (thread && !thread.loaded) this.line.load(thread)
    this.#reading.look()
  }

  /**
   * @param {Message} message
   * @param {Thread | undefined} thread
   * @param {boolean} added
   */
  #received(message, thread, added) {
    if (asks(message.from)) this.#heard(message, thread, added)
    if (message.conversation === this.#open) {
      if (message.from.id === this.#me.id) this.conversation.log.toEnd()
      this.#showOpen()
      this.#reading.look()
    }
    this.views.refresh()
  }

  /**
   * Words of a visitor.
   * @param {Message} message
   * @param {Thread | undefined} thread
   * @param {boolean} added
   */
  #heard(message, thread, added) {
    const conversation = this.#desk.get(message.conversation)
    const open = message.conversation === this.#open
    const atEnd = this.conversation.log.isAtEnd
    if (open && thread && added && !atEnd) thread.unseen++
    if (!conversation || !this.#desk.isMine(conversation)) return
    this.line.delivered(this.#threads.open(conversation.id), message.seq ?? 0)
    const looking = open && atEnd && document.visibilityState === "visible"
    if (!looking) this.#play("knock")
  }

  /** @param {Conversation} conversation as it is now */
  #changed(conversation) {
    if (this.#desk.isWaiting(conversation)) this.bell.ring(conversation, true)
    else this.bell.ended(conversation)
    if (conversation.id === this.#open) this.#showOpen()
    this.views.refresh()
  }

  /** @param {string} id its watermarks moved */
  #touched(id) {
    if (id === this.#open) this.#showLog()
    this.list.touch(id)
    this.views.showSummary()
  }

  /** @param {string} id somebody types there, or no longer */
  #typed(id) {
    this.list.touch(id)
    if (id === this.#open) this.#showTyping()
  }

  /** @param {string} id older or missing messages came */
  #grown(id) {
    if (id !== this.#open) return this.list.touch(id)
    this.#showLog()
    this.#reading.look()
  }

  // Writing and reading.

  /** @param {boolean} on */
  #tellTyping(on) {
    const conversation = this.#current
    if (conversation && this.#desk.isMine(conversation)) this.line.ask("typing", { conversation: conversation.id, on })
  }

  get #isReading() {
    const conversation = this.#current
    const looks = document.visibilityState === "visible" && document.hasFocus() && this.conversation.log.isAtEnd
    if (!looks || !conversation || !this.line.isLive || !this.#desk.isMine(conversation)) return false
    const me = conversation.participants.find(({ id }) => id === this.#me.id)
    return (this.#thread?.log.last ?? 0) > (me?.read ?? 0)
  }

  // Taking, ending, ringing.

  /** @param {string} id */
  #accept(id) {
    return this.taking.accept(id, this.#open)
  }

  #take() {
    const conversation = this.#current
    if (conversation && this.#desk.isWaiting(conversation)) this.#accept(conversation.id)
  }

  // What is shown.

  #tick() {
    this.pill.tick()
    // Without a line nobody knows how long they really wait.
    if (this.root.dataset.line === "lost") return
    this.list.tick()
    this.bell.tick()
    for (const thread of this.#threads.all) {
      if (!thread.typing || thread.typing.until > Date.now()) continue
      thread.typing = null
      this.#typed(thread.id)
    }
    const conversation = this.#current
    if (conversation) this.conversation.tick(conversation)
    this.panel.tick()
    this.#showBadge()
  }

  /** @returns {Conversation | undefined} the open one */
  get #current() {
    return this.#open ? this.#desk.get(this.#open) : undefined
  }

  /** @returns {Thread | undefined} */
  get #thread() {
    return this.#open ? this.#threads.get(this.#open) : undefined
  }

  /** @param {string} id */
  #rowState(id) {
    const conversation = /** @type {Conversation} */ (this.#desk.get(id))
    const typing = this.#threads.get(id)?.typing
    return {
      href: pathOf({ view: this.views.view, id }),
      open: id === this.#open,
      unread: this.#desk.unread(conversation),
      everybody: this.views.endless,
      typing: typing ? nameOf(known(conversation, typing.person)) : "",
      failed: this.#outbox.entries.some(({ to, failed }) => failed && "conversation" in to && to.conversation === id),
      gone: this.#whyGone(conversation),
    }
  }

  /** @param {Conversation} conversation */
  #whyGone(conversation) {
    const agent = agentOf(conversation)
    if (this.#desk.isEnded(conversation) || !agent) return t("row-gone-ended")
    return t("row-gone-taken", { name: agent.id === this.#me.id ? t("you") : nameOf(agent) })
  }

  /** The open conversation, or that there is none. */
  #showOpen() {
    const conversation = this.#current
    this.root.toggleAttribute("data-open", Boolean(conversation))
    slot(this.root, "empty").hidden = Boolean(conversation)
    if (!conversation) {
      this.conversation.hide()
      this.panel.hide()
      this.#showEmpty()
      return
    }
    this.conversation.show(conversation, this.line.isLive)
    this.panel.show(conversation)
    this.#showLog()
    this.#showTyping()
  }

  #showLog() {
    const conversation = this.#current
    if (!conversation) return
    const unsent = this.#outbox.entries.filter(({ to }) => "conversation" in to && to.conversation === conversation.id)
    const pending = [...unsent, ...this.files.pending(conversation.id)].sort((a, b) => a.at - b.at)
    this.conversation.showLog(conversation, pending, this.line.isLive)
  }

  #showTyping() {
    const conversation = this.#current
    const typing = this.#thread?.typing
    this.conversation.typing(conversation && typing ? nameOf(known(conversation, typing.person)) : "")
  }

  #counted() {
    this.#showBadge()
    if (!this.#current) this.#showEmpty()
  }

  #showEmpty() {
    const nothing = this.list.ids.length === 0
    write(slot(this.root, "empty-title"), nothing ? t(`empty-${this.views.view}`) : t("choose"))
    write(slot(this.root, "empty-fact"), t(nothing ? `quiet-${this.status.status}` : "choose-fact"))
    slot(this.root, "next-waiting").hidden = this.views.view === "waiting" || this.#desk.counts.waiting === 0
  }

  #showBadge() {
    this.#attention.badge(this.bell.count + this.#desk.waitingForMe)
  }

  #looked() {
    this.#showBadge()
    this.#reading.look()
    if (document.visibilityState === "visible") this.#tick()
  }

  // Where we are.

  /** @param {MouseEvent} event */
  #clicked(event) {
    const place = followed(event)
    if (place) {
      event.preventDefault()
      // A click that was no click is the Enter key.
      this.#go(place, event.detail === 0 ? "log" : undefined)
      return
    }
    const button = event.target instanceof Element ? event.target.closest("[data-action]") : null
    const action = button?.closest(".ring, .menu") ? "" : button?.getAttribute("data-action")
    const actions = /** @type {Record<string, () => void>} */ ({
      take: () => this.#take(),
      end: () => this.taking.end(this.#current),
      panel: () => this.#togglePanel(),
      "panel-phone": () => this.#togglePanel(),
      sidebar: () => this.sidebar.toggle(),
      "show-new": () => this.list.showNew(),
      more: () => this.views.more(),
      keys: () => showKeys(this.root),
      "close-keys": () => keysSheet(this.root).close(),
    })
    if (action) actions[action]?.()
  }

  /** Back or forward. */
  #returned() {
    const place = placeOf(location.pathname)
    if (place) this.#go(place)
    else location.reload()
  }

  /**
   * @param {Place} place
   * @param {"log" | "composer"} [focus]
   */
  #go(place, focus) {
    const { view, id } = place
    const path = pathOf(place)
    const step = path !== location.pathname
    if (step) history.pushState(null, "", path)
    this.root.toggleAttribute("data-pushed", step && id !== null && isPhone())
    if (isDrawer()) openPanel(false)
    if (this.#open !== id) this.#enter(id)
    if (view !== this.views.view) this.views.enter(view)
    else this.views.refresh(focus === "composer")
    this.#showOpen()
    if (id) this.list.reveal(id)
    if (focus === "log") this.conversation.log.focus()
    if (focus === "composer" && this.conversation.composer.isThere && !isPhone()) this.conversation.composer.focus()
    panelWords(this.root)
    this.#reading.look()
  }

  /** @param {string | null} id */
  #enter(id) {
    const left = this.#thread
    if (left) left.unseen = 0
    this.conversation.composer.stopTyping()
    this.#reading.stop()
    this.#open = id
    this.list.keep(id)
    if (!id) return
    const thread = this.#threads.open(id)
    this.conversation.open(thread, this.#drafts.get(id))
    if (!this.#desk.get(id)) this.line.fetch(id)
    if (!thread.loaded) this.line.load(thread)
  }

  /** @param {1 | -1} step */
  #step(step) {
    const id = this.list.beside(this.#open ?? "", step)
    if (id) this.#go({ view: this.views.view, id })
  }

  // Things around.

  /** @param {import("../panes/status.js").Status} status */
  #chooseStatus(status) {
    this.status.choose(status)
    this.line.ask("status", { status })
    if (status !== "online") this.bell.silence()
    if (!this.#current) this.#showEmpty()
  }

  #toggleSounds() {
    const muted = this.#attention.toggleSounds()
    this.status.sounds(muted)
    this.toast.show(t(muted ? "sounds-off" : "sounds-on"))
  }

  /**
   * @param {"knock" | "door"} sound
   * @param {number} [times]
   */
  #play(sound, times) {
    if (this.status.status !== "busy") this.#attention.play(sound, times)
  }

  #togglePanel() {
    if (this.#current) togglePanel(this.root)
  }

  async #signOut() {
    await post("logout").catch(() => {})
    this.line.connection.stop()
    location.assign("/console/login")
  }

  // Keyboard.

  /** @param {AbortSignal} signal */
  #keyboard(signal) {
    const { composer } = this.conversation
    const actions = {
      step: (/** @type {1 | -1} */ step) => this.#step(step),
      list: () => this.list.focus(),
      enter: () => this.#enterKey(),
      reply: () => composer.isThere && composer.focus(),
      accept: () => {
        const id = this.bell.newest
        if (id) this.#accept(id)
        else this.#take()
      },
      decline: () => {
        const id = this.bell.newest
        if (id) this.bell.stop(id)
      },
      end: () => this.taking.end(this.#current),
      news: () => this.list.showNew(),
      panel: () => this.#togglePanel(),
      sounds: () => this.#toggleSounds(),
      sidebar: () => this.sidebar.toggle(),
      keys: () => showKeys(this.root),
      leave: () => this.#leave(),
      pane: (/** @type {boolean} */ back) => this.#nextPane(back),
      go: Object.fromEntries(VIEWS.map((view) => [view.charAt(0), () => this.#go({ view, id: null })])),
    }
    keyboard(actions, signal)
  }

  /** From the toast's offer, else into the messages. */
  #enterKey() {
    if (this.toast.offers) this.toast.act()
    else if (this.#current) this.conversation.log.focus()
  }

  /** Escape: the panel's drawer, then from the messages to the list. */
  #leave() {
    if (!this.#current) return
    if (isDrawer() && isPanelOpen()) this.#togglePanel()
    else if (isPhone()) this.#go({ view: this.views.view, id: null })
    else this.list.focus()
  }

  /** @param {boolean} back */
  #nextPane(back) {
    const pane = paneBeside(this.root, back)
    if (pane?.matches(".list-pane")) this.list.focus()
    else if (pane?.matches(".main") && this.#current) this.conversation.log.focus()
    else if (pane?.matches(".sidebar")) this.sidebar.focus()
    else pane?.focus()
  }
}
