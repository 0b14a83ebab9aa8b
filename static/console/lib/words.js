/** Conversations and messages in the reader's words. The server's `console::view` prints the same. */
import { cardWords, isCard } from "../../shared/models/card.js"
import { initials as letters } from "../../shared/lib/people.js"
import { page, region, t, times } from "../page.js"
import { carriedWords, carries } from "./carried.js"
import { now } from "./clock.js"
import { waitText } from "./wait.js"

/** @import { Conversation, Message, Participant, Person, Service } from "../../shared/net/protocol.js" */

/** @type {string} */
const me = page.data?.me?.id ?? ""

/** @param {Person} person */
function guestId(person) {
  return person.role === "visitor" && !person.name ? person.id.slice(-4).toUpperCase() : ""
}

/**
 * @param {Person | undefined} person
 * @returns {string} the name shown; nameless visitors are guests
 */
export function nameOf(person) {
  if (!person) return ""
  const guest = guestId(person)
  if (guest) return t("guest", { id: guest })
  if (person.role === "user" && !person.name) return person.id
  return person.role === "system" ? t("product") : person.name
}

/** @param {Person} person */
export function initialsOf(person) {
  const guest = guestId(person)
  if (guest) return guest.slice(0, 2)
  const name = nameOf(person)
  // Of a Chinese, Japanese or Korean name the family name's first character.
  const eastAsian = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(name)
  return eastAsian ? ([...name][0] ?? "") : letters(name)
}

/** @param {string} name */
function firstName(name) {
  return name.trim().split(/\s+/u)[0] ?? name
}

/**
 * @param {Conversation} conversation
 * @returns {Participant | undefined}
 */
export function visitorOf(conversation) {
  return conversation.participants.find((person) => person.id === conversation.service?.visitor)
}

/**
 * @param {Conversation} conversation
 * @returns {Participant | undefined} who has it or had it
 */
export function agentOf({ participants, service }) {
  const agent = service && "agent" in service.stage ? service.stage.agent : null
  return participants.find((person) => person.id === agent)
}

/** @param {Conversation} conversation */
export function visitorName(conversation) {
  return nameOf(visitorOf(conversation))
}

/**
 * Somebody as the conversation knows them now: what travelled with a message may be older.
 * @param {Conversation} conversation
 * @param {Person} person
 * @returns {Person}
 */
export function known({ participants }, person) {
  return participants.find(({ id }) => id === person.id) ?? person
}

/**
 * @param {number} at
 * @returns {string} 14:05 today, else day and time
 */
export function when(at) {
  const today = times.dayKey(at) === times.dayKey(now())
  return today ? times.clock(at) : `${times.brief(at, now())}, ${times.clock(at)}`
}

/**
 * The conversation's second line.
 * @param {Conversation} conversation
 */
export function stageLine(conversation) {
  const { service } = conversation
  if (!service) return ""
  const { stage, waiting_since: since } = service
  const agent = agentOf(conversation)
  const name = nameOf(agent)
  const mine = agent?.id === me
  switch (stage.name) {
    case "queued":
      return since ? t("nobody-waiting", { t: waitText(now() - since) }) : t("nobody-answered")
    case "offline":
      return t("nobody-offline")
    case "human":
      return t(mine ? "with-you" : "with-other", { t: when(stage.since), name })
    case "ended":
      return endedLine(stage, name, mine || !agent)
  }
}

/**
 * @param {Extract<Service["stage"], { name: "ended" }>} stage
 * @param {string} name
 * @param {boolean} byMe
 */
function endedLine({ at, by }, name, byMe) {
  const args = { t: when(at), name }
  if (by === "visitor_closed") return t("closed-by-visitor", args)
  if (by === "visitor_timeout") return t("closed-by-timeout", args)
  return t(byMe ? "closed-by-you" : "closed-by", args)
}

/** @param {Message} message */
export function textOf({ type, content }) {
  if (isCard(type)) return cardWords(content)
  return typeof content.content === "string" ? content.content : ""
}

/**
 * What a note or an unknown content says.
 * @param {Message} message
 * @param {string} visitor the visitor's name
 */
export function eventWords(message, visitor) {
  if (message.type === "RC:RcCmd") {
    return message.from.id === me ? t("event-recalled-you") : t("event-recalled", { name: nameOf(message.from) })
  }
  if (message.type !== "RC:InfoNtf") return t("event-unknown", { name: nameOf(message.from) })
  const {
    extra,
    user,
    message: words,
  } = /** @type {{ extra?: unknown, user?: { id?: unknown, name?: unknown }, message?: unknown }} */ (message.content)
  const mine = user?.id === me
  const name = typeof user?.name === "string" ? user.name : ""
  switch (extra) {
    case "joined":
      return t(mine ? "event-joined-you" : "event-joined", { name })
    case "ended_by_agent":
      return t(mine ? "event-ended-you" : "event-ended-agent", { name })
    case "ended_by_visitor":
      return t("event-ended-visitor", { name: visitor })
    case "ended_by_timeout":
      return t("event-ended-timeout", { name: visitor })
    case "message_left":
      return t("event-left", { name: visitor })
    default:
      return typeof words === "string" ? words : ""
  }
}

/**
 * A left message: its words, and the form's other answers.
 * @param {Message} message
 * @returns {{ text: string, answers: [string, string][] }}
 */
export function leftMessage({ content }) {
  const { msg_content: text, msg_name, msg_email, msg_tel, ...others } = content
  const rest = { msg_name, msg_email, msg_tel, ...others }
  const titles = /** @type {Record<string, string>} */ ({
    msg_name: t("left-name"),
    msg_email: t("left-email"),
    msg_tel: t("left-phone"),
  })
  const answers = Object.entries(rest).flatMap(([key, value]) => {
    /** @type {[string, string][]} */
    const pair = typeof value === "string" && value ? [[titles[key] ?? key, value]] : []
    return pair
  })
  return { text: typeof text === "string" ? text : "", answers }
}

/**
 * The last words of a conversation and who said them.
 * @param {Conversation} conversation
 * @returns {{ prefix: string, words: string }}
 */
export function lastWords(conversation) {
  const { last } = conversation
  if (!last) return { prefix: "", words: t("row-empty") }
  return { prefix: prefixOf(last.from), words: said(last, conversation) }
}

/**
 * @param {Message} message
 * @param {Conversation} conversation
 */
export function said(message, conversation) {
  if (message.type === "RC:TxtMsg" || isCard(message.type)) return textOf(message)
  if (message.type === "RC:CsLm") return leftMessage(message).text
  if (carries(message.type)) return carriedWords(message)
  if (message.type === "RC:InfoNtf" || message.type === "RC:RcCmd") {
    return eventWords(message, visitorName(conversation))
  }
  return t("row-unknown")
}

/** @param {Person} from */
function prefixOf(from) {
  if (from.role === "robot") return t("robot-prefix")
  if (from.role !== "agent") return ""
  return from.id === me ? t("you-prefix") : t("person-prefix", { name: firstName(from.name) })
}

/**
 * The row's third line.
 * @param {Conversation} conversation
 * @param {boolean} everybody whether the view shows what others have
 */
export function factOf(conversation, everybody) {
  const { service } = conversation
  if (!service) return ""
  const agent = agentOf(conversation)
  if (everybody && agent) return agent.id === me ? t("row-with-you") : t("row-with", { name: nameOf(agent) })
  if (service.stage.name === "offline") return t("row-left")
  const { language, title } = service.context
  const facts = [foreign(language), title && t("row-on", { title })]
  return facts.filter(Boolean).join(" · ")
}

/**
 * @param {string | undefined} tag
 * @returns {string} the language's own name, when it is not the reader's
 */
export function foreign(tag) {
  if (!tag || base(tag) === base(page.language) || navigator.languages.some((mine) => base(mine) === base(tag)))
    return ""
  return languageName(base(tag), tag)
}

/** @param {string} tag */
export function base(tag) {
  return tag.split("-")[0]?.toLowerCase() ?? tag
}

/**
 * @param {string} tag
 * @param {string} [inLanguage] the reader's by default
 */
export function languageName(tag, inLanguage = page.language) {
  try {
    const name = new Intl.DisplayNames(inLanguage, { type: "language", languageDisplay: "standard" }).of(tag) ?? tag
    return name.charAt(0).toLocaleUpperCase(inLanguage) + name.slice(1)
  } catch {
    return tag
  }
}

/**
 * The visitor's clock.
 * @param {string | undefined} timeZone
 */
export function localTime(timeZone) {
  if (!timeZone) return t("not-known")
  try {
    const clock = (/** @type {string | undefined} */ zone) =>
      new Intl.DateTimeFormat(region, { hour: "numeric", minute: "2-digit", timeZone: zone }).format(now())
    const theirs = clock(timeZone)
    if (theirs === clock(undefined)) return t("local-same", { t: theirs })
    const place = timeZone.split("/").at(-1)?.replaceAll("_", " ") ?? timeZone
    return t("local-other", { t: theirs, place })
  } catch {
    return t("not-known")
  }
}

/** @param {string} address */
export function bareAddress(address) {
  return address.replace(/^[a-z]+:\/\//i, "").replace(/\/$/, "")
}
