import { isEmojiOnly } from "../../shared/lib/emoji.js"
import { cardWords, isCard } from "../../shared/models/card.js"
import { mediaOf, mediaWords } from "../../shared/models/media.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Times } from "../../shared/lib/time.js" */
/** @import { Media } from "../../shared/models/media.js" */
/** @import { Entry } from "../../shared/models/outbox.js" */
/** @import { Job } from "../../shared/models/uploads.js" */
/** @import { Conversation, Message, Person } from "../../shared/net/protocol.js" */

/** What stands in the place of a message that was taken back. */
const RECALLED = "RC:RcCmd"

/**
 * The lines of a conversation, as they are shown. The server prints the first page by the same rules
 * (`page/widget/rows.rs`), under the same keys.
 *
 * @typedef {"" | "sending" | "waiting" | "sent" | "delivered" | "read" | "failed"} State
 *
 * @typedef {object} MessageRow
 * @property {"message"} kind
 * @property {string} key stays the same from pending to read
 * @property {number} seq 0 until the server has it
 * @property {boolean} own
 * @property {boolean} first of its group
 * @property {boolean} last of its group
 * @property {Person} from
 * @property {string} name shown above, when several could speak
 * @property {string} text
 * @property {boolean} emoji
 * @property {Media | null} media
 * @property {boolean} final it failed and trying again would not help
 * @property {number} at
 * @property {State} state own messages only
 * @property {string} meta the words under it; empty hides them
 * @property {string} label
 *
 * @typedef {(
 *   | MessageRow
 *   | { kind: "day", key: string, text: string }
 *   | { kind: "note", key: string, text: string }
 *   | { kind: "unread", key: string, text: string }
 *   | { kind: "typing", key: string, person: Person, text: string }
 *   | { kind: "queue", key: string, title: string, wait: string, text: string, ahead: number, agents: Person[], leave: string }
 * )} Row
 *
 * @typedef {object} Reading
 * @property {readonly Message[]} messages
 * @property {Entry[]} pending not confirmed, in order
 * @property {Job[]} [uploads] files on their way
 * @property {(key: string | null) => string | undefined} [local] the own copy of a picture that was sent
 * @property {Conversation | undefined} conversation
 * @property {Person | null} me
 * @property {boolean} online whether the line stands
 * @property {number} now
 * @property {number} unreadFrom the first unseen place; 0 shows no line
 * @property {Strings} strings
 * @property {Times} times
 *
 * One thing said or noted, wherever it stands now.
 * @typedef {{ key: string, seq: number, at: number, from: Person, own: boolean, text: string | null, media: Media | null, note: string, failed: boolean, pending: boolean, job?: Job }} Item
 */

const GROUP_MS = 5 * 60_000

/**
 * @param {Reading} reading
 * @returns {Row[]}
 */
export function arrange(reading) {
  const items = itemsOf(reading)
  const lastOwn = items.findLast(({ own, failed, text }) => own && !failed && text !== null)
  const speakers = new Set(items.filter(({ own, text }) => !own && text !== null).map(({ from }) => from.id))
  /** @type {Row[]} */
  const rows = []
  let lineDrawn = reading.unreadFrom === 0
  items.forEach((item, index) => {
    const [before, after] = [items[index - 1], items[index + 1]]
    const day = reading.times.dayKey(item.at)
    if (!before || reading.times.dayKey(before.at) !== day) {
      rows.push({ kind: "day", key: `day-${day}`, text: reading.times.day(item.at, reading.now) })
    }
    if (!lineDrawn && !item.own && item.text !== null && item.seq >= reading.unreadFrom) {
      lineDrawn = true
      rows.push({ kind: "unread", key: "unread", text: reading.strings.get("log-unread") })
    }
    if (item.text === null) rows.push({ kind: "note", key: item.key, text: item.note })
    else rows.push(bubble(item, before, after, item === lastOwn, speakers.size > 1, reading))
  })
  return rows
}

/** @param {Reading} reading */
function itemsOf(reading) {
  const { messages, pending, uploads = [], me, now } = reading
  const known = new Set(messages.map(({ client_id }) => client_id))
  const nobody = { id: "", name: "", role: /** @type {const} */ ("visitor") }
  const waiting = pending.filter(({ type, client_id }) => isSpoken(type) && !known.has(client_id))
  const own = { seq: 0, from: me ?? nobody, own: true, note: "", pending: true }
  const unsent = [
    ...waiting.map((entry) => ({
      ...own,
      key: entry.client_id,
      at: Math.min(entry.at, now),
      text: spokenOf(entry, reading.strings),
      media: carried(entry, reading),
      failed: entry.failed !== undefined,
    })),
    ...uploads.map((job) => ({
      ...own,
      key: job.key,
      at: Math.min(job.at, now),
      text: job.file.name,
      media: going(job),
      failed: job.state === "failed" || job.state === "refused",
      job,
    })),
  ]
  return [...messages.map((message) => stored(message, reading)), ...unsent.sort((a, b) => a.at - b.at)]
}

/**
 * @param {{ type: string, content: Record<string, unknown>, client_id: string | null }} message
 * @param {Reading} reading
 * @returns {Media | null}
 */
function carried({ type, content, client_id }, { local }) {
  const media = mediaOf(type, content)
  const copy = media?.kind === "image" ? local?.(client_id) : undefined
  return media && copy ? { ...media, local: copy } : media
}

/**
 * @param {Job} job
 * @returns {Media}
 */
function going({ key, file, state, done, reason, local, width, height }) {
  const { name, size } = file
  const kind = local ? "image" : "file"
  const way = { key, state, done, reason }
  return { kind, file: null, href: "", name, size, thumb: "", width, height, seconds: 0, inline: "", local, going: way }
}

/**
 * @param {Message} message
 * @param {Reading} reading
 * @returns {Item}
 */
function stored(message, reading) {
  const own = message.from.id === reading.me?.id
  const text = message.from.role === "system" ? null : spokenOf(message, reading.strings)
  return {
    key: keyOf(message, own),
    seq: message.seq ?? 0,
    at: message.at,
    from: message.from,
    own,
    text,
    media: text === null ? null : carried(own ? message : { ...message, client_id: null }, reading),
    note: text === null ? noteOf(message, reading) : "",
    failed: false,
    pending: false,
  }
}

/**
 * @param {Message} message
 * @param {boolean} own
 */
function keyOf({ type, uid, client_id }, own) {
  // Taken back, it is another row: a note where a bubble stood.
  if (type === RECALLED) return `${uid}-recalled`
  return own && client_id ? client_id : uid
}

/**
 * @param {Item} item
 * @param {Item | undefined} before
 * @param {Item | undefined} after
 * @param {boolean} isLastOwn
 * @param {boolean} named
 * @param {Reading} reading
 * @returns {MessageRow}
 */
function bubble(item, before, after, isLastOwn, named, reading) {
  const { times, strings } = reading
  const first = !before || !grouped(before, item, times)
  const last = !after || !grouped(item, after, times)
  const text = item.text ?? ""
  const time = times.clock(item.at)
  const state = stateOf(item, isLastOwn, reading)
  const sameMinute = after && after.text !== null && !after.own && times.clock(after.at) === time
  const plain = last && !sameMinute ? time : ""
  return {
    kind: "message",
    key: item.key,
    seq: item.seq,
    own: item.own,
    first,
    last,
    from: item.from,
    name: named && first && !item.own ? item.from.name : "",
    text,
    emoji: !item.media && isEmojiOnly(text),
    media: item.media,
    final: item.job?.state === "refused",
    at: item.at,
    state: state.name,
    meta: state.name ? state.words : plain,
    label: item.own
      ? strings.get("a11y-own", { text, time, state: strings.get(`a11y-${state.name || "sent"}`) })
      : strings.get("a11y-message", { name: item.from.name, text, time }),
  }
}

/**
 * @param {Item} a
 * @param {Item} b
 * @param {Times} times
 */
function grouped(a, b, times) {
  const same = a.own === b.own && a.from.id === b.from.id && (a.text === null) === (b.text === null)
  return same && b.at - a.at <= GROUP_MS && times.dayKey(a.at) === times.dayKey(b.at)
}

/**
 * Said in words on the newest own message only, and on every one that failed.
 * @param {Item} item
 * @param {boolean} isLastOwn
 * @param {Reading} reading
 * @returns {{ name: State, words: string }}
 */
function stateOf(item, isLastOwn, { conversation, pending, online, strings, times, me }) {
  if (item.job) return wayOf(item.job, strings)
  if (item.failed) return { name: "failed", words: strings.get("state-failed") }
  if (!item.own || !isLastOwn) return { name: "", words: "" }
  if (item.pending) {
    const count = pending.filter(({ type, failed }) => isSpoken(type) && !failed).length
    return online
      ? { name: "sending", words: strings.get("state-sending") }
      : { name: "waiting", words: strings.get("state-waiting", { n: count }) }
  }
  const others = (conversation?.participants ?? []).filter(({ id }) => id !== me?.id)
  const reader = others.find(({ read }) => read >= item.seq)
  if (reader) {
    const time = times.clock(Math.max(reader.read_at ?? item.at, item.at))
    return { name: "read", words: strings.get("state-read", { time }) }
  }
  const name = others.some(({ delivered }) => delivered >= item.seq) ? "delivered" : "sent"
  return { name, words: strings.get(`state-${name}`, { time: times.clock(item.at) }) }
}

/**
 * How far a file got.
 * @param {Job} job
 * @param {Strings} strings
 * @returns {{ name: State, words: string }}
 */
function wayOf({ state, done, reason, file }, strings) {
  switch (state) {
    case "running":
    case "there": {
      const n = file.size ? Math.floor((100 * done) / file.size) : 0
      return { name: "sending", words: strings.get("file-uploading", { n }) }
    }
    case "waiting":
      return { name: "waiting", words: strings.get("file-waiting") }
    default:
      return { name: "failed", words: refusalOf(reason, strings) }
  }
}

/**
 * Why a file was not taken, in words that say what to do.
 * @param {string} reason the code of the refusal
 * @param {Strings} strings
 */
function refusalOf(reason, strings) {
  switch (reason) {
    case "too_large":
      return strings.get("file-too-large-here")
    case "unsupported_media_type":
      return strings.get("file-damaged")
    case "rate_limited":
      return strings.get("file-enough")
    case "storage_full":
      return strings.get("file-full")
    case "forbidden":
      return strings.get("file-not-here")
    default:
      return strings.get("file-stopped")
  }
}

/** @param {string} type */
export function isSpoken(type) {
  return type === "RC:TxtMsg" || type === "RC:CsLm" || isCard(type) || mediaOf(type, {}) !== null
}

/**
 * @param {{ type: string, content: Record<string, unknown> }} message
 * @param {Strings} strings
 * @returns {string | null} what is read aloud and shown in lists: words, or what kind of thing was sent
 */
export function spokenOf({ type, content }, strings) {
  const media = mediaOf(type, content)
  return media ? mediaWords(media, (key) => strings.get(key)) : wordsOf(type, content)
}

/**
 * @param {string} type
 * @param {Record<string, unknown>} content
 * @returns {string | null} what a bubble says; null for what is a note
 */
export function wordsOf(type, content) {
  if (isCard(type)) return cardWords(content)
  const words = type === "RC:TxtMsg" ? content.content : type === "RC:CsLm" ? content.msg_content : null
  return typeof words === "string" ? words : null
}

/**
 * @param {Message} message
 * @param {{ strings: Strings, times: Times, me?: Person | null }} reading
 * @returns {string}
 */
export function noteOf({ type, content, at, from }, { strings, times, me }) {
  if (type === RECALLED) {
    return from.id === me?.id ? strings.get("note-recalled-own") : strings.get("note-recalled", { name: from.name })
  }
  if (type !== "RC:InfoNtf") return strings.get("note-unknown")
  const user = /** @type {{ name?: unknown } | undefined} */ (content.user)
  switch (content.extra) {
    case "joined":
      return strings.get("note-joined", { name: typeof user?.name === "string" ? user.name : "" })
    case "ended_by_agent":
    case "ended_by_visitor":
    case "ended_by_timeout":
      return strings.get("note-ended", { time: times.clock(at) })
    case "message_left":
      return strings.get("note-left-message")
    default:
      return typeof content.message === "string" ? content.message : strings.get("note-unknown")
  }
}
