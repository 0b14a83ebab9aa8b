import { Leader } from "../shared/lib/leader.js"
import { Sounds } from "../shared/lib/sound.js"
import { TitleBadge } from "../shared/lib/title.js"
import { Outbox } from "../shared/models/outbox.js"
import { Connection } from "../shared/net/connection.js"
import { CommandError } from "../shared/net/protocol.js"
import { Sender } from "../shared/net/sender.js"
import { now, setClock } from "./lib/clock.js"
import { find, isWriting, mark, slot, write } from "./lib/dom.js"
import { device, tab } from "./lib/keep.js"
import { listen, setSingleKeys, singleKeys } from "./lib/keys.js"
import { isDrawer, isPanelOpen, isPhone, isRail, openPanel, toggleSidebar } from "./lib/look.js"
import { tooltips } from "./lib/tips.js"
import { agentOf, nameOf, stageLine, visitorName, visitorOf } from "./lib/words.js"
import { Desk, isView, VIEWS } from "./models/desk.js"
import { Drafts } from "./models/drafts.js"
import { Rings } from "./models/rings.js"
import { taken, Threads, TYPING_MS } from "./models/thread.js"
import { post } from "./net/api.js"
import { page, t } from "./page.js"
import { Composer } from "./panes/composer.js"
import { ListPane } from "./panes/list.js"
import { LogPane } from "./panes/log.js"
import { Panel } from "./panes/panel.js"
import { Pill } from "./panes/pill.js"
import { RingCards } from "./panes/rings.js"
import { paint } from "./panes/row.js"
import { StatusBlock } from "./panes/status.js"
import { Toast } from "./panes/toast.js"

/** @import { Conversation, EndReason, Message, Push, State, TypingPush, Welcome } from "../shared/net/protocol.js" */
/** @import { View } from "./models/desk.js" */
/** @import { Thread } from "./models/thread.js" */

const PAGE = 50
const ROWS = 30
/** Words count as read when they were seen for this long. */
const READ_MS = 1_000
const MUTED = "parlor.muted"

/**
 * The inbox: brings together what this page knows (models), what it shows (panes) and the line to the server.
 * The server printed it complete; from here on it changes in place.
 */
class Inbox {
  #stop = new AbortController()
  #me = page.data?.me
  #desk = new Desk(page.data?.me, page.data?.desk)
  #threads = new Threads()
  #rings = new Rings(tab)
  #drafts = new Drafts(page.data?.me?.id ?? "", device)
  #outbox = new Outbox(`${page.data?.app}.${page.data?.me?.id}`, device.storage)
  #sounds = new Sounds()
  #leader = new Leader("console")
  #badge = new TitleBadge()
  /** @type {View} */
  #view = "mine"
  /** @type {string | null} */
  #open = null
  #fetchingList = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reading

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    const { signal } = this.#stop
    this.connection = new Connection({
      as: "agent",
      whileHidden: true,
      since: () => this.#threads.since,
      onState: (state, reason) => this.#line(state, reason),
      onWelcome: (welcome) => this.#welcome(welcome),
      onPush: (push) => this.#pushed(push),
    })
    this.sender = new Sender(this.#outbox, this.connection, {
      sent: (entry, sent) => this.#received(taken(entry, sent, this.#me)),
      changed: () => this.#showLog(),
    })
    this.conversation = slot(this.root, "conversation")
    this.list = new ListPane(
      find(this.root, ".list-pane"),
      { state: (id) => this.#rowState(id), conversation: (id) => this.#desk.get(id), more: () => this.#more() },
      signal,
    )
    this.log = new LogPane(
      this.conversation,
      {
        earlier: () => this.#earlier(),
        moved: () => this.#seen(),
        tryAgain: (client) => this.#tryAgain(client),
        remove: (client) => this.#remove(client),
      },
      signal,
    )
    this.composer = new Composer(
      this.conversation,
      {
        send: (text) => this.#send(text),
        changed: (text) => this.#open && this.#drafts.set(this.#open, text),
        typing: (on) => this.#tellTyping(on),
        leave: () => this.log.focus(),
      },
      signal,
    )
    this.panel = new Panel(find(this.root, ".panel"))
    this.cards = new RingCards(
      find(this.root, ".rings"),
      slot(this.root, "ring-alert"),
      slot(this.root, "list-scroll"),
      {
        accept: (id) => this.#accept(id),
        decline: (id) => this.#decline(id),
        conversation: (id) => this.#desk.get(id),
      },
      signal,
    )
    this.status = new StatusBlock(
      find(this.root, ".status"),
      {
        status: (status) => this.#chooseStatus(status),
        sounds: () => this.#toggleSounds(),
        keys: () => this.#showKeys(),
        signOut: () => this.#signOut(),
      },
      signal,
    )
    this.pill = new Pill(slot(this.root, "pill"), this.connection, () => this.#outbox.entries.length, signal)
    this.toast = new Toast(slot(this.root, "toast"), signal)
    tooltips(this.root, (target) => !target.matches(".view") || isRail(), signal)
  }

  begin() {
    setClock(page.data.now)
    this.#takeOver()
    this.#listen()
    this.connection.start()
    const ticking = setInterval(() => this.#tick(), 1_000)
    this.#stop.signal.addEventListener("abort", () => clearInterval(ticking))
  }

  end() {
    this.#stop.abort()
    this.connection.stop()
    this.#leader.close()
  }

  /** From what the server printed to what this page knows. */
  #takeOver() {
    const { view, conversations, more, open } = page.data
    this.#sounds.muted = device.get(MUTED) === "1"
    this.status.sounds(this.#sounds.muted)
    this.#view = view
    this.#desk.loaded(view, conversations, more)
    if (open) {
      this.#desk.put(open.conversation)
      const thread = this.#threads.open(open.conversation.id)
      thread.log.reset(open.page.head.epoch, open.page.messages, open.page.more)
      thread.loaded = true
      this.#open = open.conversation.id
      this.#enter(thread)
    }
    this.list.keep(this.#open)
    this.list.reset(this.#ids())
    this.list.showMore(more && this.#endless)
    this.#showOpen()
    this.#showCounts()
    this.#sidebarWords()
  }

  #listen() {
    const { signal } = this.#stop
    this.root.addEventListener("click", (event) => this.#clicked(event), { signal })
    addEventListener("popstate", () => this.#route(location.pathname, false), { signal })
    addEventListener("storage", (event) => this.#otherTab(event), { signal })
    addEventListener("focus", () => this.#seen(), { signal })
    document.addEventListener("visibilitychange", () => this.#looked(), { signal })
    for (const event of ["focusin", "focusout"]) {
      this.root.addEventListener(
        event,
        () => queueMicrotask(() => this.cards.hint(isWriting(document.activeElement))),
        { signal },
      )
    }
    this.#keyboard(signal)
  }

  // ── The line ──

  /**
   * @param {State} state
   * @param {EndReason} [reason]
   */
  #line(state, reason) {
    if (state === "ended" && (reason === "expired" || reason === "forbidden")) {
      location.assign(`/console/login?next=${location.pathname}`)
      return
    }
    const lost = state === "waiting" || state === "ended"
    if (lost) this.root.dataset.line = "lost"
    else if (state === "live") delete this.root.dataset.line
    this.status.line(lost || (state === "connecting" && this.root.dataset.line === "lost"))
    this.pill.tick()
    this.#showActions()
    this.#showLog()
    if (state === "live") this.sender.pump()
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    setClock(welcome.now)
    const before = new Set(this.#desk.view("waiting").map(({ id }) => id))
    const stale = this.#desk.welcome(welcome)
    for (const gap of welcome.gaps) this.#close(gap)
    for (const id of stale) this.#fetchConversation(id)
    for (const conversation of this.#desk.view("waiting"))
      this.#ring(conversation, !before.has(conversation.id) && this.#welcomed)
    this.#welcomed = true
    queueMicrotask(() => this.#greet())
    this.#refresh()
  }

  /** Whether the page heard the server once: what is new then, is new to the agent. */
  #welcomed = false

  /** Things that wait for a live line. */
  #greet() {
    const { status } = this.status
    if (status !== "online") this.#ask("status", { status })
    if (this.#endless) this.#loadList()
    const thread = this.#thread
    if (thread && !thread.loaded) this.#load(thread)
    this.#seen()
  }

  /** @param {import("../shared/net/protocol.js").Gap} gap */
  #close({ conversation, reset, messages, more }) {
    const thread = this.#threads.get(conversation)
    if (!thread) return
    if (reset) {
      thread.loaded = false
      if (conversation === this.#open) queueMicrotask(() => this.#load(thread))
      return
    }
    const fresh = messages.filter((message) => thread.log.receive(message) === "added")
    const words = fresh.filter((message) => message.from.role === "visitor").length
    this.pill.came(words)
    if (conversation === this.#open && !this.log.isAtEnd) thread.unseen += words
    for (const message of messages) this.#desk.message(message)
    if (more) this.#fill(thread)
  }

  /** @param {Push} push */
  #pushed(push) {
    switch (push.push) {
      case "message":
        if (push.body.seq !== null) this.#received(push.body)
        break
      case "conversation":
        this.#changed(push.body)
        break
      case "receipt":
        this.#desk.receipt(push.body)
        if (push.body.conversation === this.#open) this.#showLog()
        this.list.touch(push.body.conversation)
        break
      case "typing":
        this.#typing(push.body)
        break
      case "desk":
        this.#desk.counts = push.body
        this.#showCounts()
        break
    }
  }

  /**
   * A command whose answer changes nothing here; when the line breaks, the next welcome tells how things stand.
   * @param {string} cmd
   * @param {object} body
   * @returns {Promise<any | undefined>}
   */
  async #ask(cmd, body) {
    try {
      return await this.connection.command(cmd, body)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return undefined
    }
  }

  // ── Messages ──

  /** @param {Message} message a stored one, of anybody */
  #received(message) {
    const { conversation: id } = message
    if (message.client_id) this.#outbox.remove(message.client_id)
    this.#desk.message(message)
    if (!this.#desk.get(id)) this.#fetchConversation(id)
    const thread = this.#threads.get(id)
    const how = thread?.loaded ? thread.log.receive(message) : "known"
    if (thread && how === "hole") this.#fill(thread)
    if (message.from.role === "visitor") this.#heard(message, thread, how === "added")
    if (id === this.#open) {
      if (message.from.id === this.#me.id) this.log.toEnd()
      this.#showOpen()
      this.#seen()
    }
    this.#refreshList()
  }

  /**
   * Words of a visitor.
   * @param {Message} message
   * @param {Thread | undefined} thread
   * @param {boolean} added
   */
  #heard(message, thread, added) {
    const conversation = this.#desk.get(message.conversation)
    if (thread) thread.typing = null
    if (!conversation || !this.#desk.isMine(conversation)) return
    this.#tellDelivered(message)
    const open = message.conversation === this.#open
    const looking = open && document.visibilityState === "visible" && this.log.isAtEnd
    if (open && thread && added && !this.log.isAtEnd) thread.unseen++
    if (!looking) this.#play("knock")
  }

  /** @param {Thread} thread */
  async #load(thread) {
    if (thread.fetching) return
    thread.fetching = true
    const answer = await this.#ask("history", { conversation: thread.id, limit: PAGE })
    thread.fetching = false
    if (!answer) return
    thread.log.reset(answer.head.epoch, answer.messages, answer.more)
    thread.loaded = true
    if (thread.id === this.#open) {
      this.#showOpen()
      this.#seen()
    }
  }

  /** What is missing between those we have. @param {Thread} thread */
  async #fill(thread) {
    if (thread.fetching) return
    thread.fetching = true
    let more = true
    while (more) {
      const answer = await this.#ask("history", { conversation: thread.id, after: thread.log.last, limit: 100 })
      if (!answer) break
      if (thread.log.follow(answer.head)) {
        thread.fetching = false
        return this.#load(thread)
      }
      thread.log.fill(answer.messages)
      more = answer.more && answer.messages.length > 0
    }
    thread.fetching = false
    if (thread.id === this.#open) this.#showLog()
  }

  async #earlier() {
    const thread = this.#thread
    if (!thread?.loaded || thread.fetching || !thread.log.more) return
    thread.fetching = true
    const answer = await this.#ask("history", { conversation: thread.id, before: thread.log.first, limit: PAGE })
    thread.fetching = false
    if (!answer) return
    thread.log.prepend(answer)
    if (thread.id === this.#open) this.#showLog()
  }

  /** @param {string} text */
  #send(text) {
    const id = this.#open
    if (!id) return
    this.#outbox.add({ conversation: id }, "RC:TxtMsg", { content: text })
    this.#showLog()
    this.log.toEnd()
    this.sender.pump()
  }

  /** @param {string} client */
  #tryAgain(client) {
    this.#outbox.retry(client)
    this.#showLog()
    this.composer.focus()
    this.sender.pump()
  }

  /** @param {string} client */
  #remove(client) {
    this.#outbox.remove(client)
    this.#showLog()
    this.#refreshList()
    if (this.composer.isThere) this.composer.focus()
    else this.log.focus()
  }

  /**
   * Another tab of mine wrote, sent or drafted something.
   * @param {StorageEvent} event
   */
  #otherTab({ key, newValue }) {
    if (this.#outbox.changed(key, newValue)) this.#showLog()
  }

  // ── Receipts, typing ──

  /** @param {Message} message */
  #tellDelivered({ conversation, seq }) {
    const thread = this.#threads.open(conversation)
    if (seq === null || seq <= thread.sent.delivered) return
    thread.sent.delivered = seq
    // Many at once are one receipt.
    clearTimeout(this.#delivering.get(conversation))
    const tell = () => this.#ask("receipt", { conversation, delivered: thread.sent.delivered })
    this.#delivering.set(conversation, setTimeout(tell, 200))
  }

  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #delivering = new Map()

  /** Somebody may be looking at new words: after a second of it they are read. */
  #seen() {
    clearTimeout(this.#reading)
    if (this.#readable) this.#reading = setTimeout(() => this.#readable && this.#tellRead(), READ_MS)
  }

  get #readable() {
    const conversation = this.#current
    const looked = document.visibilityState === "visible" && document.hasFocus() && this.log.isAtEnd
    return Boolean(looked && conversation && this.#desk.isMine(conversation) && this.connection.state === "live")
  }

  async #tellRead() {
    const thread = this.#thread
    const me = this.#current?.participants.find(({ id }) => id === this.#me.id)
    const read = thread?.log.last ?? 0
    if (!thread || !me || read <= Math.max(me.read, thread.sent.read)) return
    thread.sent.read = read
    const answer = await this.#ask("receipt", { conversation: thread.id, read })
    if (!answer) {
      thread.sent.read = 0
      return
    }
    this.#desk.receipt({ conversation: thread.id, user: this.#me.id, delivered: read, read, at: now() })
    this.#refreshList()
  }

  /** @param {boolean} on */
  #tellTyping(on) {
    const conversation = this.#current
    if (conversation && this.#desk.isMine(conversation)) this.#ask("typing", { conversation: conversation.id, on })
  }

  /** @param {TypingPush} push */
  #typing({ conversation, person, on }) {
    const thread = this.#threads.get(conversation) ?? this.#threads.open(conversation)
    thread.typing = on ? { person, until: Date.now() + TYPING_MS } : null
    this.list.touch(conversation)
    if (conversation === this.#open) this.#showTyping()
  }

  #showTyping() {
    const typing = this.#thread?.typing
    write(slot(this.root, "typing"), typing ? t("typing", { name: nameOf(typing.person) }) : "")
  }

  // ── Conversations ──

  /** @returns {Conversation | undefined} the open one */
  get #current() {
    return this.#open ? this.#desk.get(this.#open) : undefined
  }

  /** @returns {Thread | undefined} */
  get #thread() {
    return this.#open ? this.#threads.get(this.#open) : undefined
  }

  /** @param {Conversation} conversation as the server has it now */
  #changed(conversation) {
    const known = this.#desk.get(conversation.id)
    this.#desk.put(conversation)
    if (!this.#desk.get(conversation.id)) return
    if (this.#desk.isWaiting(conversation)) this.#ring(conversation, true)
    else this.#notRinging(conversation)
    if (conversation.id === this.#open) this.#showOpen()
    if (known && this.#desk.isEnded(conversation) && !this.#desk.isEnded(known)) this.sender.pump()
    this.#refreshList()
  }

  /** @param {string} id */
  async #fetchConversation(id) {
    const conversation = await this.#ask("conversation", { conversation: id })
    if (conversation) this.#changed(conversation)
  }

  /** @param {string} id */
  async #accept(id) {
    if (this.connection.state !== "live") return
    this.#rings.end(id, now())
    this.cards.show(this.#rings.all)
    const stay = this.#open !== null && this.#open !== id && this.composer.isThere && !this.composer.isEmpty
    try {
      this.#changed(await this.connection.command("accept", { conversation: id }))
      this.status.forgetMissed()
      if (stay) this.#offerToOpen(id)
      else this.#go("mine", id, "composer")
    } catch (error) {
      this.#notAccepted(id, error)
    }
  }

  /** @param {string} id */
  #offerToOpen(id) {
    const conversation = this.#desk.get(id)
    if (!conversation) return
    const open = () => this.#go("mine", id, "composer")
    this.toast.show(t("accepted-toast", { name: visitorName(conversation) }), { words: t("open"), act: open })
  }

  /**
   * @param {string} id
   * @param {unknown} error
   */
  #notAccepted(id, error) {
    if (!(error instanceof CommandError)) throw error
    if (!error.lost) this.#fetchConversation(id)
    if (error.code === "already_taken") this.toast.show(error.message ? this.#takenBy(id) : t("ring-taken-somebody"))
    else if (!error.lost) this.toast.show(error.message)
  }

  /** @param {string} id */
  #takenBy(id) {
    const conversation = this.#desk.get(id)
    const agent = conversation && agentOf(conversation)
    return agent ? t("ring-taken", { name: nameOf(agent) }) : t("ring-taken-somebody")
  }

  /** @param {string} id */
  #decline(id) {
    this.#rings.end(id, now())
    this.cards.show(this.#rings.all)
    this.#showBadge()
  }

  async #end() {
    const conversation = this.#current
    if (!conversation || this.connection.state !== "live" || !this.#mayEnd(conversation)) return
    const name = visitorName(conversation)
    try {
      this.#changed(await this.connection.command("end", { conversation: conversation.id }))
      this.toast.show(t("ended-toast", { name }))
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      if (!error.lost) this.toast.show(error.message)
    }
  }

  #take() {
    const conversation = this.#current
    if (conversation && this.#desk.isWaiting(conversation)) this.#accept(conversation.id)
  }

  /** @param {Conversation} conversation */
  #mayEnd(conversation) {
    return this.#desk.isMine(conversation) || conversation.service?.stage.name === "offline"
  }

  // ── Rings ──

  /**
   * @param {Conversation} conversation
   * @param {boolean} fresh
   */
  #ring(conversation, fresh) {
    if (this.status.status !== "online" || !this.#rings.waits(conversation, now(), fresh)) return
    this.cards.show(this.#rings.all)
    this.cards.hint(isWriting(document.activeElement))
    this.cards.announce(visitorName(conversation))
    this.#play("door", 2)
    this.#showBadge()
  }

  /** @param {Conversation} conversation somebody took it, or it is over */
  #notRinging(conversation) {
    const agent = agentOf(conversation)
    const taken = conversation.service?.stage.name === "human"
    const words = taken
      ? agent?.id === this.#me.id
        ? ""
        : t("ring-taken", { name: nameOf(agent) })
      : t("ring-gone", { name: visitorName(conversation) })
    this.#rings.end(conversation.id, now(), words || undefined)
    this.cards.show(this.#rings.all)
    this.#showBadge()
  }

  // ── What is shown ──

  #tick() {
    this.list.tick()
    const missed = this.#rings.expire(now())
    if (missed.length > 0) this.status.missed(Date.now())
    this.cards.show(this.#rings.all)
    for (const thread of this.#threads.all) {
      if (!thread.typing || thread.typing.until > Date.now()) continue
      thread.typing = null
      this.list.touch(thread.id)
    }
    this.#showTyping()
    if (this.#current) this.#showStage(this.#current)
    this.panel.tick()
    this.pill.tick()
    this.#showBadge()
  }

  #refresh() {
    this.#refreshList()
    this.#showCounts()
    this.#showOpen()
    this.cards.show(this.#rings.all)
  }

  /** @param {boolean} [asked] the person did something that changes the order */
  #refreshList(asked = false) {
    this.list.want(this.#ids(), asked)
    this.#showSummary()
  }

  #ids() {
    return this.#desk.view(this.#view).map(({ id }) => id)
  }

  /** @returns {boolean} whether the view goes on and on */
  get #endless() {
    return this.#view === "closed" || this.#view === "all"
  }

  /** @param {string} id */
  #rowState(id) {
    const conversation = /** @type {Conversation} */ (this.#desk.get(id))
    const typing = this.#threads.get(id)?.typing
    return {
      href: `/console/inbox/${this.#view}/${id}`,
      open: id === this.#open,
      unread: this.#desk.unread(conversation),
      everybody: this.#endless,
      typing: typing ? nameOf(typing.person) : "",
      failed: this.#outbox.entries.some(({ to, failed }) => failed && "conversation" in to && to.conversation === id),
      gone: this.#whyGone(conversation),
    }
  }

  /** @param {Conversation} conversation */
  #whyGone(conversation) {
    if (this.#desk.isEnded(conversation)) return t("row-gone-ended")
    const agent = agentOf(conversation)
    return agent
      ? t("row-gone-taken", { name: agent.id === this.#me.id ? t("you") : nameOf(agent) })
      : t("row-gone-ended")
  }

  /** The open conversation, or that there is none. */
  #showOpen() {
    const conversation = this.#current
    this.root.toggleAttribute("data-open", Boolean(conversation))
    this.conversation.hidden = !conversation
    slot(this.root, "empty").hidden = Boolean(conversation)
    if (!conversation) {
      this.panel.hide()
      this.#showEmpty()
      return
    }
    const visitor = visitorOf(conversation)
    const name = visitorName(conversation)
    this.conversation.dataset.id = conversation.id
    mark(this.conversation, "aria-label", t("conversation-with", { name }))
    write(slot(this.conversation, "name"), name)
    if (visitor) paint(slot(this.conversation, "avatar"), visitor, visitor.online ? "online" : "")
    this.#showStage(conversation)
    this.#showActions()
    this.panel.show(conversation)
    this.#showLog()
    this.#showTyping()
  }

  /** @param {Conversation} conversation */
  #showStage(conversation) {
    write(slot(this.conversation, "stage"), stageLine(conversation))
  }

  #showActions() {
    const conversation = this.#current
    if (!conversation) return
    const offline = this.connection.state !== "live"
    for (const [action, there] of /** @type {[string, boolean][]} */ ([
      ["take", this.#desk.isWaiting(conversation)],
      ["end", this.#mayEnd(conversation)],
    ])) {
      const button = find(this.conversation, `[data-action="${action}"]`)
      button.hidden = !there
      mark(button, "aria-disabled", offline ? "true" : null)
      mark(button, "title", offline ? t("needs-connection") : null)
    }
    const mine = this.#desk.isMine(conversation)
    if (this.composer.isThere !== mine) this.composer.show(mine)
    const instead = slot(this.root, "instead")
    instead.hidden = mine
    if (!mine) write(instead, this.#instead(conversation))
  }

  /** @param {Conversation} conversation */
  #instead(conversation) {
    if (this.#desk.isEnded(conversation)) return t("closed-line")
    if (this.#desk.isWaiting(conversation)) return t("take-line")
    return t("other-line", { name: nameOf(agentOf(conversation)) })
  }

  #showLog() {
    const conversation = this.#current
    if (!conversation) return
    const pending = this.#outbox.entries.filter(({ to }) => "conversation" in to && to.conversation === conversation.id)
    this.log.show(conversation, pending, this.connection.state === "live")
  }

  #showCounts() {
    const { waiting, mine } = this.#desk.counts
    for (const [view, n] of /** @type {[View, number][]} */ ([
      ["waiting", waiting],
      ["mine", mine],
    ])) {
      const count = slot(find(this.root, `.view[data-view="${view}"]`), "count")
      write(count, n > 999 ? "999+" : String(n))
      count.toggleAttribute("data-urgent", view === "waiting" && n > 0)
    }
    const n = this.#view === "waiting" ? waiting : this.#view === "mine" ? mine : null
    for (const count of this.root.querySelectorAll("[data-slot=title-count]")) write(count, n === null ? "" : String(n))
    write(slot(this.root, "next-waiting-text"), t("next-waiting", { n: waiting }))
    this.#showSummary()
    this.#showBadge()
  }

  #showSummary() {
    const words = {
      waiting: () => t("list-nobody-has", { n: this.#desk.counts.waiting }),
      mine: () => t("list-waiting", { n: this.#desk.waitingForMe }),
      closed: () => t("list-closed"),
      all: () => t("list-all"),
    }
    write(slot(this.root, "summary"), words[this.#view]())
  }

  #showEmpty() {
    const nothing = this.list.ids.length === 0
    write(slot(this.root, "empty-title"), nothing ? t(`empty-${this.#view}`) : t("choose"))
    write(slot(this.root, "empty-fact"), nothing ? t(`empty-${this.#view}-fact`) : t("choose-fact"))
    slot(this.root, "next-waiting").hidden = this.#view === "waiting"
  }

  #showBadge() {
    const wanted = this.#rings.ringing.length + this.#desk.waitingForMe
    this.#badge.show(document.visibilityState === "hidden" ? wanted : 0)
  }

  #looked() {
    this.#showBadge()
    this.#seen()
    if (document.visibilityState === "visible") this.#tick()
  }

  // ── Where we are ──

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = event.target instanceof Element ? event.target : null
    const link = target?.closest("a[href]")
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    if (link instanceof HTMLAnchorElement && plain && !link.target && link.pathname.startsWith("/console/inbox/")) {
      event.preventDefault()
      // A click that was no click is the Enter key.
      return this.#route(link.pathname, true, event.detail === 0 ? "log" : undefined)
    }
    const action = target?.closest("[data-action]")?.getAttribute("data-action")
    const actions = /** @type {Record<string, () => void>} */ ({
      take: () => this.#take(),
      end: () => this.#end(),
      panel: () => this.#togglePanel(),
      "panel-phone": () => this.#togglePanel(),
      sidebar: () => this.#sidebar(),
      "show-new": () => this.list.showNew(),
      more: () => this.#more(),
      keys: () => this.#showKeys(),
      "close-keys": () => this.#keysSheet.close(),
    })
    if (action && target?.closest(".ring, .menu") === null) actions[action]?.()
  }

  /**
   * @param {string} path
   * @param {boolean} push whether it is a step that Back undoes
   * @param {"log" | "composer"} [focus]
   */
  #route(path, push, focus) {
    const [, , , view, id = null] = path.split("/")
    if (!isView(view)) return location.assign(path)
    this.#go(view, id, focus, push)
  }

  /**
   * @param {View} view
   * @param {string | null} id
   * @param {"log" | "composer"} [focus]
   * @param {boolean} [push]
   */
  #go(view, id, focus, push = true) {
    const path = `/console/inbox/${view}${id ? `/${id}` : ""}`
    const pushed = push && path !== location.pathname
    if (pushed) history.pushState(null, "", path)
    if (isPhone() && pushed && id) this.root.dataset.pushed = ""
    else delete this.root.dataset.pushed
    if (isDrawer()) openPanel(false)
    const left = this.#open !== id
    if (left) this.#leave()
    this.#open = id
    this.list.keep(id)
    if (view !== this.#view) this.#enterView(view)
    else this.#refreshList(left && focus === "composer")
    if (id && left) this.#enterConversation(id)
    this.list.refresh()
    this.#showOpen()
    if (id) this.list.reveal(id)
    if (focus === "log") this.log.focus()
    if (focus === "composer" && this.composer.isThere && !isPhone()) this.composer.focus()
    this.#seen()
  }

  #leave() {
    this.composer.stopTyping()
    clearTimeout(this.#reading)
    const thread = this.#thread
    if (thread) thread.unseen = 0
  }

  /** @param {View} view */
  #enterView(view) {
    this.#view = view
    for (const link of this.root.querySelectorAll(".view")) {
      mark(link, "aria-current", link.getAttribute("data-view") === view ? "page" : null)
    }
    const title = t(`view-${view}`)
    for (const place of this.root.querySelectorAll("[data-slot=title]")) write(place, title)
    this.#badge.show(0)
    document.title = t("title", { view: title })
    write(slot(this.root, "order"), t(this.#endless ? "order-newest" : "order-longest"))
    write(slot(this.root, "list-empty-title"), t(`empty-${view}-list`))
    write(slot(this.root, "list-empty-fact"), t(`empty-${view}-fact`))
    mark(find(this.root, ".conversation-back"), "href", `/console/inbox/${view}`)
    this.list.showMore(false)
    this.list.reset(this.#ids())
    this.#showCounts()
    if (this.#endless) this.#loadList()
  }

  /** @param {string} id */
  #enterConversation(id) {
    const thread = this.#threads.open(id)
    this.#enter(thread)
    if (!this.#desk.get(id)) this.#fetchConversation(id)
    if (!thread.loaded) this.#load(thread)
  }

  /** @param {Thread} thread */
  #enter(thread) {
    const conversation = this.#desk.get(thread.id)
    this.log.open(thread)
    this.composer.open(this.#drafts.get(thread.id), conversation ? visitorName(conversation) : "")
  }

  /** The newest page of a view that goes on and on. */
  async #loadList() {
    const view = this.#view
    const answer = await this.#ask("conversations", { view, limit: ROWS })
    if (!answer) return
    this.#desk.loaded(view, answer.conversations, answer.more)
    if (view !== this.#view) return
    this.list.showMore(answer.more)
    this.#refreshList(this.list.ids.length === 0)
    if (!this.#open) this.#showEmpty()
  }

  /** The next page, when the end of the list is near. */
  async #more() {
    const view = this.#view
    const there = !find(this.root, ".list-more").hidden
    const last = this.#desk.view(view).at(-1)
    if (!this.#endless || !there || !last || this.#fetchingList) return
    this.#fetchingList = true
    const before = { changed_at: last.changed_at, id: last.id }
    const answer = await this.#ask("conversations", { view, before, limit: ROWS })
    this.#fetchingList = false
    if (!answer) return
    this.#desk.loaded(view, answer.conversations, answer.more)
    if (view !== this.#view) return
    this.list.showMore(answer.more)
    this.#refreshList(true)
  }

  /** @param {1 | -1} step */
  #step(step) {
    const next = this.list.beside(this.#open ?? "", step)
    if (next) this.#go(this.#view, next)
  }

  // ── Things around ──

  /** @param {import("./panes/status.js").Status} status */
  #chooseStatus(status) {
    this.status.choose(status)
    this.#ask("status", { status })
    if (status !== "online") this.#rings.clear()
    this.cards.show(this.#rings.all)
  }

  #toggleSounds() {
    const muted = !this.#sounds.muted
    this.#sounds.muted = muted
    device.set(MUTED, muted ? "1" : null)
    this.status.sounds(muted)
    this.toast.show(t(muted ? "sounds-off" : "sounds-on"))
  }

  /**
   * @param {"knock" | "door"} sound
   * @param {number} [times]
   */
  #play(sound, times) {
    if (this.#leader.leads && this.status.status !== "busy") this.#sounds.play(sound, times)
  }

  #togglePanel() {
    if (!this.#current) return
    const open = !isPanelOpen()
    openPanel(open)
    const buttons = [...this.root.querySelectorAll("[data-action=panel]")].map(
      (button) => /** @type {HTMLElement} */ (button),
    )
    for (const button of buttons) if (button.matches(".panel-button")) mark(button, "aria-expanded", String(open))
    const shown = buttons.find((button) => button.offsetParent !== null && Boolean(button.closest(".panel")) === open)
    if (this.root.contains(document.activeElement) && !isWriting(document.activeElement))
      (shown ?? this.conversation).focus()
  }

  #sidebar() {
    toggleSidebar()
    this.#sidebarWords()
  }

  #sidebarWords() {
    const button = find(this.root, ".sidebar-fold")
    const words = t(isRail() ? "sidebar-unfold" : "sidebar-fold")
    mark(button, "aria-label", words)
    button.dataset.tip = words
    const open = isPanelOpen()
    mark(find(this.root, ".panel-button"), "aria-expanded", String(open))
  }

  get #keysSheet() {
    return /** @type {HTMLDialogElement} */ (find(this.root, "dialog.keys"))
  }

  #showKeys() {
    const input = /** @type {HTMLInputElement} */ (slot(this.root, "single-keys"))
    input.checked = singleKeys()
    input.onchange = () => setSingleKeys(input.checked)
    this.#keysSheet.showModal()
  }

  async #signOut() {
    await post("logout").catch(() => {})
    this.connection.stop()
    location.assign("/console/login")
  }

  // ── Keyboard ──

  /** @param {AbortSignal} signal */
  #keyboard(signal) {
    const newest = () => this.#rings.ringing.at(-1)?.id
    const acceptOrTake = () => {
      const id = newest()
      if (id) this.#accept(id)
      else this.#take()
    }
    const decline = () => {
      const id = newest()
      if (id) this.#decline(id)
    }
    const views = Object.fromEntries(VIEWS.map((view) => [view.charAt(0), () => this.#go(view, null)]))
    listen(
      {
        single: {
          j: () => this.#step(1),
          k: () => this.#step(-1),
          ArrowDown: () => this.list.focus(),
          ArrowUp: () => this.list.focus(),
          Enter: () => this.#enterKey(),
          r: () => this.composer.isThere && this.composer.focus(),
          a: acceptOrTake,
          d: decline,
          e: () => this.#end(),
          u: () => this.list.showNew(),
          i: () => this.#togglePanel(),
          m: () => this.#toggleSounds(),
          "\\": () => this.#sidebar(),
          "?": () => this.#showKeys(),
        },
        go: views,
        alt: { KeyA: acceptOrTake, KeyD: decline },
        leave: () => this.#escape(),
        pane: (back) => this.#nextPane(back),
      },
      signal,
    )
  }

  /** From the toast's offer, else into the messages. */
  #enterKey() {
    if (this.root.querySelector(".toast:not([hidden]) button:not([hidden])")) this.toast.act()
    else if (this.#current) this.log.focus()
  }

  #escape() {
    if (this.#current && isPanelOpen() && isDrawer()) return this.#togglePanel()
    if (this.conversation.contains(document.activeElement) || this.#open) {
      if (isPhone()) return this.#go(this.#view, null)
      this.list.focus()
    }
  }

  /** @param {boolean} back */
  #nextPane(back) {
    const panes = [".sidebar", ".list-pane", ".main", ".panel"]
      .map((name) => find(this.root, name))
      .filter((pane) => pane.offsetParent !== null)
    const at = panes.findIndex((pane) => pane.contains(document.activeElement))
    const pane = panes.at((at + (back ? -1 : 1)) % panes.length) ?? panes[0]
    if (pane?.matches(".list-pane")) this.list.focus()
    else if (pane?.matches(".main") && this.#current) this.log.focus()
    else if (pane?.matches(".sidebar")) find(pane, ".view[aria-current]").focus()
    else pane?.focus()
  }
}

customElements.define(
  "parlor-inbox",
  class extends HTMLElement {
    /** @type {Inbox | null} */
    #inbox = null

    connectedCallback() {
      const begin = () => {
        this.#inbox = new Inbox(this)
        this.#inbox.begin()
      }
      // The script may run before the page is whole.
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin, { once: true })
      else begin()
    }

    disconnectedCallback() {
      this.#inbox?.end()
      this.#inbox = null
    }
  },
)
