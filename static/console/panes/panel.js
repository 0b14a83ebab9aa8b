import { slot, write, mark } from "../lib/dom.js"
import { bareAddress, base, languageName, localTime, nameOf, visitorOf } from "../lib/words.js"
import { page, t, times } from "../page.js"
import { now } from "../lib/clock.js"
import { paint } from "./row.js"

/** @import { Conversation, Context, Rating } from "../../shared/net/protocol.js" */

/** What is known of the visitor, and where it comes from. */
export class Panel {
  /** @type {Conversation | null} */
  #conversation = null

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel
  }

  /** @param {Conversation} conversation */
  show(conversation) {
    this.#conversation = conversation
    const { panel } = this
    const visitor = visitorOf(conversation)
    const { service } = conversation
    panel.hidden = !visitor || !service
    if (!visitor || !service) return
    paint(slot(panel, "avatar"), visitor, visitor.online ? "online" : "")
    write(slot(panel, "name"), nameOf(visitor))
    write(slot(panel, "began"), began(conversation.created_at))
    write(slot(panel, "presence-title"), t(visitor.online ? "on-site-now" : "not-on-site"))
    slot(panel, "trail-dot").toggleAttribute("data-on", Boolean(visitor.online))
    this.#page(service.context)
    this.#pair("language", language(service.context.language))
    this.#pair("device", service.context.device ?? t("not-known"))
    this.#pair("site", page.data.sites[service.site] ?? service.site)
    this.#rating(service.rating)
    this.tick()
  }

  hide() {
    this.#conversation = null
    this.panel.hidden = true
  }

  /** The visitor's clock goes on. */
  tick() {
    const context = this.#conversation?.service?.context
    if (context) this.#pair("local-time", localTime(context.time_zone))
  }

  /** @param {Context} context */
  #page({ page: address, title, referrer }) {
    const link = slot(this.panel, "page")
    write(link, title ?? (address ? bareAddress(address) : t("page-unknown")))
    mark(link, "href", address && /^https?:/.test(address) ? address : null)
    mark(link, "title", address ? bareAddress(address) : null)
    const from = referrer ? t("came-from", { host: bareAddress(referrer) }) : address ? t("came-direct") : ""
    write(slot(this.panel, "referrer"), from)
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  #pair(name, value) {
    const place = slot(this.panel, name)
    write(place, value)
    mark(place, "title", value)
  }

  /** @param {Rating | undefined} rating */
  #rating(rating) {
    slot(this.panel, "rating").hidden = !rating
    if (!rating) return
    const stars = slot(this.panel, "stars")
    mark(stars, "data-stars", String(rating.stars))
    mark(stars, "aria-label", t("rating-name", { n: rating.stars }))
    const solved = rating.solved === null ? [] : [t(rating.solved ? "rating-solved" : "rating-unsolved")]
    write(slot(this.panel, "rating-about"), [...solved, ...rating.tags].join(" · "))
    const text = slot(this.panel, "rating-text")
    write(text, rating.text)
    text.hidden = !rating.text
  }
}

/** @param {number} at */
function began(at) {
  const today = times.dayKey(at) === times.dayKey(now())
  if (today) return t("began", { t: times.clock(at) })
  return t("began-day", { day: times.brief(at, now()), t: times.clock(at) })
}

/** @param {string | undefined} tag */
function language(tag) {
  return tag ? languageName(base(tag)) : t("not-known")
}
