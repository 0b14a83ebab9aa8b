import { now } from "../lib/clock.js"
import { carries, drawCarried } from "../lib/carried.js"
import { find, mayMove, slot, write } from "../lib/dom.js"
import { known, nameOf, visitorName, visitorOf, when } from "../lib/words.js"
import { page, t, times } from "../page.js"
import { dayLine, element, pendingElement, printedMessages, ratingLine, showState } from "./message.js"

/** @import { Conversation, Message } from "../../shared/net/protocol.js" */
/** @import { Entry as Unsent } from "../../shared/models/outbox.js" */
/** @import { Job } from "../../shared/models/uploads.js" */
/** @import { Thread } from "../models/thread.js" */
/** @import { State } from "./message.js" */

/** A message that is not confirmed, or a file that is not there yet. @typedef {Unsent & { job?: Job }} Entry */

/** This near to the end counts as there. */
const NEAR_PX = 80
/** This near to the beginning fetches what came before. */
const EARLY_PX = 400
const GROUP_MS = 5 * 60_000
/** More than this in the document: the oldest go, and are fetched again when somebody scrolls up. */
const MOST = 200
const KEPT = 150

/**
 * @typedef {object} LogEvents
 * @property {() => void} earlier what came before is wanted
 * @property {() => void} moved somebody scrolled
 * @property {(clientId: string) => void} tryAgain
 * @property {(clientId: string) => void} remove
 */

/** The messages of the open conversation: bottom-anchored, grown at both ends without a jump. */
export class LogPane {
  /** By uid, or by client id while the server has not confirmed. @type {Map<string, HTMLElement>} */
  #elements = new Map()
  /** @type {Map<string, HTMLElement>} */
  #days = new Map()
  /** @type {HTMLElement | null} */
  #rating = null
  /** @type {Thread | null} */
  #thread = null

  /**
   * @param {HTMLElement} pane the conversation
   * @param {LogEvents} events
   * @param {AbortSignal} signal
   */
  constructor(pane, events, signal) {
    this.events = events
    this.log = slot(pane, "log")
    this.inner = slot(pane, "messages")
    this.button = find(pane, ".log-earlier")
    this.chip = find(pane, ".chip")
    this.#elements = printedMessages(this.inner)
    this.log.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true })
    this.button.addEventListener("click", () => events.earlier(), { signal })
    this.chip.addEventListener("click", () => this.toEnd(true), { signal })
    this.inner.addEventListener("click", (event) => this.#pressed(event), { signal })
    // Whatever changes its size (keyboard, composer, window): the end stays the end.
    const resized = new ResizeObserver(() => this.#atEnd && this.toEnd())
    resized.observe(this.log)
    signal.addEventListener("abort", () => resized.disconnect())
  }

  #atEnd = true

  /** @returns {boolean} whether the newest message is on the screen */
  get isAtEnd() {
    return this.#atEnd
  }

  /** @param {boolean} [smoothly] */
  toEnd(smoothly = false) {
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: smoothly && mayMove() ? "smooth" : "auto" })
  }

  focus() {
    this.log.focus()
  }

  /**
   * Another conversation, or the first.
   * @param {Thread} thread
   */
  open(thread) {
    if (this.#thread) {
      this.#elements.clear()
      this.#days.clear()
      this.#rating = null
      this.inner.replaceChildren(this.button)
    }
    this.#thread = thread
    this.#atEnd = true
  }

  /**
   * Shows the thread as it is now.
   * @param {Conversation} conversation
   * @param {Entry[]} pending what is on its way
   * @param {boolean} live
   */
  show(conversation, pending, live) {
    const thread = this.#thread
    if (!thread) return
    this.#trim(thread)
    const anchor = this.#atEnd ? null : this.#anchor()
    const before = new Set(this.#elements.keys())
    const first = before.size === 0
    const children = this.#children(thread, conversation, pending)
    const loud =
      !first &&
      children.some((child) => child.dataset.side === "visitor" && child.dataset.uid && !before.has(child.dataset.uid))
    this.#quietly(!loud, () => this.#place(children))
    this.#states(thread, conversation, pending, live)
    if (!first) this.#welcome(children, before)
    if (anchor) this.log.scrollTop += anchor.element.offsetTop - anchor.top
    else this.toEnd()
    this.#chip(thread)
  }

  /** @param {Thread} thread */
  #trim({ log }) {
    if (!this.#atEnd || log.messages.length <= MOST) return
    log.reset(log.epoch, log.messages.slice(-KEPT), true)
  }

  /**
   * @param {Thread} thread
   * @param {Conversation} conversation
   * @param {Entry[]} pending
   * @returns {HTMLElement[]}
   */
  #children({ log }, conversation, pending) {
    const visitor = visitorName(conversation)
    const rating = conversation.service?.rating
    this.button.hidden = !log.more
    /** @type {HTMLElement[]} */
    const children = [this.button]
    /** @type {Message | null} */
    let before = null
    let rated = !rating
    for (const message of log.messages) {
      if (!rated && rating && rating.at < message.at) {
        children.push(this.#ratingElement(rating, visitor))
        rated = true
        before = null
      }
      const day = times.dayKey(message.at)
      const newDay = !before || times.dayKey(before.at) !== day
      if (newDay && (before || !log.more || !this.#days.has(day))) children.push(this.#day(day, message.at))
      const article = this.#element({ ...message, from: known(conversation, message.from) }, visitor)
      article.toggleAttribute("data-lead", newDay || !before || !follows(before, message))
      children.push(article)
      before = message
    }
    for (const entry of pending) {
      const article = this.#pendingElement(entry)
      const lead =
        !before || before.from.id !== page.data.me.id || before.type !== entry.type || entry.at - before.at > GROUP_MS
      article.toggleAttribute("data-lead", lead)
      children.push(article)
      before = {
        uid: "",
        conversation: "",
        seq: null,
        at: entry.at,
        from: page.data.me,
        client_id: null,
        type: entry.type,
        content: {},
      }
    }
    if (!rated && rating) children.push(this.#ratingElement(rating, visitor))
    return children
  }

  /**
   * @param {Message} message
   * @param {string} visitor
   */
  #element(message, visitor) {
    const waiting = message.client_id ? this.#elements.get(message.client_id) : undefined
    // Taken back, it is another element: a note where a bubble stood.
    const uid = message.type === "RC:RcCmd" ? `${message.uid} recalled` : message.uid
    const there = this.#elements.get(uid)
    // Printed again only when its author's name has become known.
    const name = nameOf(message.from) || "-"
    if (there?.dataset.done === name) return there
    const made = element(message, visitor, there ?? waiting)
    made.dataset.done = name
    if (waiting && message.client_id) {
      delete waiting.dataset.client
      this.#elements.delete(message.client_id)
    }
    this.#elements.set(uid, made)
    return made
  }

  /** @param {Entry} entry */
  #pendingElement(entry) {
    const known = this.#elements.get(entry.client_id)
    const made = known ?? pendingElement(entry, page.data.me)
    if (entry.job) drawCarried(slot(made, "text"), entry)
    made.toggleAttribute("data-final", entry.job?.state === "refused")
    this.#elements.set(entry.client_id, made)
    return made
  }

  /**
   * @param {string} key
   * @param {number} at
   */
  #day(key, at) {
    const line = this.#days.get(key) ?? dayLine("")
    write(slot(line, "text"), times.day(at, now()))
    this.#days.set(key, line)
    return line
  }

  /**
   * @param {import("../../shared/net/protocol.js").Rating} rating
   * @param {string} visitor
   */
  #ratingElement(rating, visitor) {
    const key = JSON.stringify(rating)
    if (this.#rating?.dataset.key !== key) {
      this.#rating = ratingLine(rating, visitor)
      this.#rating.dataset.key = key
    }
    return this.#rating
  }

  /**
   * Makes the children of the log these, touching only what differs.
   * @param {HTMLElement[]} children
   */
  #place(children) {
    const wanted = new Set(children)
    for (const child of [...this.inner.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove()
    children.forEach((child, index) => {
      const there = this.inner.children[index]
      if (there !== child) this.inner.insertBefore(child, there ?? null)
    })
    for (const [key, one] of this.#elements) if (!wanted.has(one)) this.#elements.delete(key)
  }

  /**
   * Own words and older pages are not read out.
   * @param {boolean} quiet
   * @param {() => void} change
   */
  #quietly(quiet, change) {
    if (!quiet) return change()
    this.log.setAttribute("aria-live", "off")
    change()
    requestAnimationFrame(() => this.log.removeAttribute("aria-live"))
  }

  /**
   * What has just come in at the end moves into its place.
   * @param {HTMLElement[]} children
   * @param {Set<string>} known
   */
  #welcome(children, known) {
    let index = children.length - 1
    for (let child; (child = children[index]); index--) {
      const key = child.dataset.uid || child.dataset.client || ""
      if (!key || known.has(key)) break
      if (child.dataset.side === "visitor" || !child.dataset.side) child.setAttribute("data-new", "")
    }
  }

  /**
   * @param {Thread} thread
   * @param {Conversation} conversation
   * @param {Entry[]} pending
   * @param {boolean} live
   */
  #states({ log }, conversation, pending, live) {
    const visitor = visitorOf(conversation)
    const mine = log.messages.filter((message) => message.from.id === page.data.me.id && isSpoken(message.type))
    const newest = pending.length > 0 ? null : mine.at(-1)
    for (const message of mine) {
      const article = this.#elements.get(message.uid)
      if (!article) continue
      const state = stateOf(message, visitor)
      const shown = message === newest || state === "sent"
      showState(article, shown ? state : "", shown ? stateWords(state, visitor?.read_at) : "")
    }
    for (const entry of pending) {
      const article = this.#elements.get(entry.client_id)
      if (article) showState(article, ...pendingState(entry, live))
    }
  }

  /** @returns {{ element: HTMLElement, top: number } | null} the first message that is seen, and where */
  #anchor() {
    const top = this.log.scrollTop
    for (const child of this.inner.children) {
      if (child instanceof HTMLElement && child !== this.button && child.offsetTop + child.offsetHeight > top) {
        return { element: child, top: child.offsetTop }
      }
    }
    return null
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.log
    this.#atEnd = scrollHeight - scrollTop - clientHeight <= NEAR_PX
    if (this.#atEnd && this.#thread) this.#thread.unseen = 0
    if (this.#thread) this.#chip(this.#thread)
    if (scrollTop < EARLY_PX && this.#thread?.log.more) this.events.earlier()
    this.events.moved()
  }

  /** @param {Thread} thread */
  #chip({ unseen }) {
    this.chip.hidden = this.#atEnd || unseen === 0
    if (unseen > 0) write(slot(this.chip, "chip-text"), t("new-messages", { n: unseen }))
  }

  /** @param {MouseEvent} event */
  #pressed({ target }) {
    const button = target instanceof Element ? target.closest("button[data-action]") : null
    const client = button?.closest("[data-client]")?.getAttribute("data-client")
    if (!button || !client) return
    if (button.getAttribute("data-action") === "try-again") this.events.tryAgain(client)
    else this.events.remove(client)
  }
}

/**
 * @param {Message} before
 * @param {Message} message
 * @returns {boolean} whether it stands in the same group
 */
function follows(before, message) {
  return before.from.id === message.from.id && before.type === message.type && message.at - before.at <= GROUP_MS
}

/**
 * @param {Message} message
 * @param {import("../../shared/net/protocol.js").Participant | undefined} visitor
 * @returns {"sent" | "delivered" | "read"}
 */
function stateOf({ seq }, visitor) {
  if (!visitor || seq === null || seq > visitor.delivered) return "sent"
  return seq > visitor.read ? "delivered" : "read"
}

/**
 * @param {"sent" | "delivered" | "read"} state
 * @param {number | undefined} readAt
 */
function stateWords(state, readAt) {
  if (state !== "read") return t(state)
  return readAt ? t("read", { t: when(readAt) }) : t("read-plain")
}

/**
 * @param {Entry} entry
 * @param {boolean} live
 * @returns {[State, string]}
 */
function pendingState({ failed, job }, live) {
  if (job) return wayOf(job)
  if (failed === "conversation_closed") return ["failed", t("failed-closed")]
  if (failed === "too_large") return ["failed", t("failed-long")]
  if (failed) return ["failed", t("failed")]
  return live ? ["sending", t("sending")] : ["waiting", t("waiting-connection")]
}

/**
 * How far a file got.
 * @param {Job} job
 * @returns {[State, string]}
 */
function wayOf({ state, done, reason, file }) {
  if (state === "running" || state === "there")
    return ["sending", t("file-uploading", { n: Math.floor((100 * done) / file.size) })]
  if (state === "waiting") return ["waiting", t("file-waiting")]
  const words = /** @type {Record<string, string>} */ ({
    too_large: "file-too-large-here",
    unsupported_media_type: "file-damaged",
    rate_limited: "file-enough",
    storage_full: "file-full",
  })
  return ["failed", t(words[reason] ?? "file-stopped")]
}

/** @param {string} type */
function isSpoken(type) {
  return type === "RC:TxtMsg" || carries(type)
}
