import { isEmojiOnly } from "../../shared/lib/emoji.js"
import { linkify } from "../../shared/lib/linkify.js"
import { isCard } from "../../shared/models/card.js"
import { carries, drawCarried } from "../lib/carried.js"
import { clone, icon, mark, slot, write } from "../lib/dom.js"
import { asks } from "../lib/side.js"
import { eventWords, leftMessage, nameOf, textOf } from "../lib/words.js"
import { page, t, times } from "../page.js"
import { paint } from "./row.js"

/** @import { Message, Person } from "../../shared/net/protocol.js" */
/** @import { Job } from "../../shared/models/uploads.js" */

/** @typedef {"sending" | "waiting" | "sent" | "delivered" | "read" | "failed" | ""} State */

/**
 * Makes the element of a message, or takes over the one that the server printed.
 * @param {Message} message
 * @param {string} visitor the visitor's name
 * @param {HTMLElement} [printed]
 * @returns {HTMLElement}
 */
export function element(message, visitor, printed) {
  if (message.type === "RC:TxtMsg" || isCard(message.type) || carries(message.type))
    return bubble(message, printed ?? clone("bubble"))
  if (message.type === "RC:CsLm") return slip(message, printed ?? clone("slip"))
  return event(message, visitor, printed ?? clone("event"))
}

/**
 * @param {Message & { job?: Job }} message
 * @param {HTMLElement} article
 */
function bubble(message, article) {
  const { from, at } = message
  const robot = from.role === "robot"
  const author = from.id === page.data.me.id ? t("you") : nameOf(from)
  article.dataset.uid = message.uid
  article.dataset.side = asks(from) ? "visitor" : "house"
  article.toggleAttribute("data-robot", robot)
  paint(slot(article, "avatar"), from)
  write(slot(article, "author"), author)
  slot(article, "tag").hidden = !robot
  stamp(article, at)
  article.setAttribute("aria-label", t(robot ? "message-robot" : "message-name", { author, t: times.clock(at) }))
  if (carries(message.type)) {
    drawCarried(slot(article, "text"), message)
    return article
  }
  const text = textOf(message)
  const place = slot(article, "text")
  place.replaceChildren(linkify(text))
  place.toggleAttribute("data-emoji", isEmojiOnly(text))
  return article
}

/**
 * @param {Message} message
 * @param {string} visitor
 * @param {HTMLElement} line
 */
function event(message, visitor, line) {
  line.dataset.uid = message.uid
  write(slot(line, "text"), eventWords(message, visitor))
  stamp(line, message.at)
  return line
}

/**
 * @param {Message} message
 * @param {HTMLElement} article
 */
function slip(message, article) {
  const { text, answers } = leftMessage(message)
  article.dataset.uid = message.uid
  article.setAttribute("aria-label", t("message-name", { author: nameOf(message.from), t: times.clock(message.at) }))
  stamp(article, message.at)
  slot(article, "text").replaceChildren(linkify(text))
  slot(article, "answers").replaceChildren(
    ...answers.map(([title, answer]) => {
      const pair = document.createElement("div")
      const [term, value] = [document.createElement("dt"), document.createElement("dd")]
      term.textContent = title
      value.dir = "auto"
      value.append(linkify(answer))
      pair.append(term, value)
      return pair
    }),
  )
  return article
}

/**
 * @param {HTMLElement} element
 * @param {number} at
 */
function stamp(element, at) {
  const time = slot(element, "time")
  mark(time, "datetime", new Date(at).toISOString())
  write(time, times.clock(at))
}

/**
 * A line between days.
 * @param {string} words
 */
export function dayLine(words) {
  const line = clone("day")
  write(slot(line, "text"), words)
  return line
}

/**
 * What the visitor thought of it.
 * @param {import("../../shared/net/protocol.js").Rating} rating
 * @param {string} visitor
 */
export function ratingLine(rating, visitor) {
  const line = clone("event")
  const text = slot(line, "text")
  text.classList.add("rated")
  const stars = document.createElement("span")
  stars.className = "stars"
  stars.dataset.stars = String(rating.stars)
  stars.append(...Array.from({ length: 5 }, () => icon("star")))
  text.replaceChildren(t("rated", { name: visitor, n: rating.stars }), stars)
  stamp(line, rating.at)
  return line
}

/** What each state looks like. @type {Record<Exclude<State, "">, string>} */
const SIGNS = {
  sending: "clock",
  waiting: "clock",
  sent: "check",
  delivered: "check-double",
  read: "check-double",
  failed: "alert",
}

/**
 * How far one of my messages got, under it.
 * @param {HTMLElement} article
 * @param {State} state
 * @param {string} words
 */
export function showState(article, state, words) {
  const line = slot(article, "state")
  if (article.dataset.state === state && line.dataset.words === words) return
  mark(article, "data-state", state || null)
  line.hidden = !state
  line.dataset.words = words
  if (!state) return line.replaceChildren()
  const text = document.createElement("span")
  text.textContent = words
  if (state === "sending" || state === "waiting") return line.replaceChildren(icon(SIGNS[state]), text)
  if (state !== "failed") return line.replaceChildren(text, icon(SIGNS[state]))
  const again = article.hasAttribute("data-final") ? [] : [action("try-again")]
  line.replaceChildren(icon(SIGNS.failed), text, ...again, action("delete"))
}

/** @param {"try-again" | "delete"} what */
function action(what) {
  const button = document.createElement("button")
  button.type = "button"
  button.dataset.action = what
  button.textContent = t(what)
  return button
}

/**
 * A message of mine that the server has not confirmed.
 * @param {import("../../shared/models/outbox.js").Entry & { job?: Job }} entry
 * @param {Person} me
 */
export function pendingElement(entry, me) {
  const { type, content, at, client_id, job } = entry
  const article = bubble(
    { uid: "", conversation: "", seq: null, at, from: me, client_id, type, content, ...(job && { job }) },
    clone("bubble"),
  )
  article.dataset.client = client_id
  return article
}

/** @param {ParentNode} root */
export function printedMessages(root) {
  /** @type {Map<string, HTMLElement>} */
  const found = new Map()
  for (const element of root.querySelectorAll("[data-uid]"))
    found.set(element.getAttribute("data-uid") ?? "", /** @type {HTMLElement} */ (element))
  return found
}
