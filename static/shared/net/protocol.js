/**
 * The words of the widget wire (docs/PROTOCOL.md), version 1.
 * Shapes only, and the two small rules that hang on them: close codes and errors.
 */

export const VERSION = 1

/**
 * @typedef {"visitor" | "user" | "agent" | "robot" | "system"} Role
 *
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {Role} role
 * @property {string} [portrait]
 * @property {string} [picture] from the page around the frame, which answers for it
 *
 * @typedef {object} Message
 * @property {string} uid
 * @property {string} conversation
 * @property {number | null} seq
 * @property {number} at
 * @property {Person} from
 * @property {string | null} client_id
 * @property {string} type
 * @property {Record<string, unknown>} content
 *
 * @typedef {{ epoch: number, seq: number }} Position
 *
 * @typedef {Person & { online: boolean, delivered: number, read: number, read_at?: number, unread: number }} Participant
 *
 * @typedef {(
 *   | { name: "queued", since: number }
 *   | { name: "offline", since: number }
 *   | { name: "human", agent: string, since: number }
 *   | { name: "ended", at: number, by: "visitor_closed" | "visitor_timeout" | "agent_closed", agent: string | null }
 * )} Stage
 *
 * @typedef {object} Context
 * @property {string} [page]
 * @property {string} [title]
 * @property {string} [referrer]
 * @property {string} [language]
 * @property {string} [time_zone]
 * @property {string} [device]
 *
 * @typedef {{ stars: number, tags: string[], text: string, solved: boolean | null, at: number }} Rating
 *
 * @typedef {object} Service
 * @property {string} site
 * @property {string} visitor
 * @property {Stage} stage
 * @property {number | null} waiting_since
 * @property {number} [ahead] how many wait longer; only while waiting
 * @property {Context} context
 * @property {Rating} [rating]
 *
 * @typedef {object} Conversation
 * @property {string} id
 * @property {"private" | "discussion" | "group" | "chatroom" | "service" | "system" | "app_service" | "public_service"} kind
 * @property {string} [handle] the app's own id of a group, discussion or chatroom
 * @property {Position} head
 * @property {number} created_at
 * @property {number} changed_at
 * @property {Participant[]} participants
 * @property {Message} [last]
 * @property {Service} [service]
 * @property {{ name: string, members: number, silenced: boolean, dismissed_at?: number }} [group]
 * @property {Mine} [mine]
 *
 * @typedef {{ pinned: boolean, muted: boolean, removed: boolean, unread: number, mentions: number, cleared: number }} Mine
 * @typedef {{ online: boolean, agents: Person[], waiting: number, mine: number }} Desk
 * @typedef {{ conversation: string, reset: boolean, messages: Message[], more: boolean }} Gap
 * @typedef {{ conversation: string, epoch: number, seq: number }} Since
 *
 * @typedef {object} Welcome
 * @property {number} v
 * @property {Person} me
 * @property {number} now
 * @property {Desk} desk
 * @property {Conversation[]} conversations
 * @property {Gap[]} gaps
 *
 * @typedef {{ uid: string, conversation: string, seq: number | null, at: number }} Sent
 * @typedef {{ head: Position, messages: Message[], more: boolean }} Page
 *
 * @typedef {{ conversation: string, user: string, delivered: number, read: number, at: number }} ReceiptPush
 * @typedef {{ conversation: string, person: Person, on: boolean }} TypingPush
 * @typedef {(
 *   | { push: "message", body: Message }
 *   | { push: "recalled", body: Message }
 *   | { push: "receipt", body: ReceiptPush }
 *   | { push: "typing", body: TypingPush }
 *   | { push: "conversation", body: Conversation }
 *   | { push: "desk", body: Desk }
 *   | { push: "deleted", body: { conversation: string, seqs: number[] } }
 *   | { push: "mine", body: Mine & { conversation: string } }
 *   | { push: "chatroom", body: { conversation: string, chatroom: string, state: "ended" | "out" } }
 *   | { push: "presence", body: { user: string, online: boolean, at: number | null } }
 * )} Push
 *
 * @typedef {{ code: string, message: string, temporary: boolean, retry_after?: number }} WireError
 * @typedef {{ id: number | null, ok?: unknown, error?: WireError }} Reply
 *
 * @typedef {"visitor" | "agent" | "user"} As
 *
 * How the connection stands. One word drives the whole surface.
 * @typedef {"connecting" | "live" | "waiting" | "ended"} State
 *
 * Why a connection ended for good.
 * @typedef {"expired" | "forbidden" | "elsewhere" | "broken" | "stopped"} EndReason
 */

/**
 * What a close code asks of us: `soon` the server says it comes back, `back-off` try again later, otherwise the end.
 * @param {number} code
 * @returns {"soon" | "back-off" | EndReason}
 */
export function afterClose(code) {
  switch (code) {
    case 1012:
    case 4008:
    case 4408:
      return "soon"
    case 4401:
      return "expired"
    case 4403:
      return "forbidden"
    case 4409: // too many windows
    case 4410: // another device; two that came back by themselves would end each other for ever
      return "elsewhere"
    case 1002:
    case 1007:
    case 1008:
    case 1009:
      return "broken"
    default:
      return "back-off" // 1000, 1001, 1006, 1013, 4429 and whatever a later version adds
  }
}

/** A command that did not work. `lost` means that nobody knows whether it did. */
export class CommandError extends Error {
  /** @param {WireError} error */
  constructor(error) {
    super(error.message)
    this.name = "CommandError"
    this.code = error.code
    this.temporary = error.temporary
    /** Seconds after which a retry makes sense, if the server said so. */
    this.retryAfter = error.retry_after ?? 0
  }

  /** @returns {boolean} whether the outcome is unknown: the line broke before the answer came */
  get lost() {
    return this.code === "lost"
  }
}

/** @returns {CommandError} */
export function lost() {
  return new CommandError({ code: "lost", message: "the line broke before the answer came", temporary: true })
}

/**
 * Reads one frame from the server. Unknown pushes are for later versions and ignored by the caller.
 * @param {string} text
 * @returns {Push | Reply | null} null for what is no frame at all
 */
export function readFrame(text) {
  try {
    const frame = JSON.parse(text)
    return frame && typeof frame === "object" && !Array.isArray(frame) ? frame : null
  } catch {
    return null
  }
}
