import { keyOf } from "../../shared/shapes.js"
import { noteOf, spokenOf } from "../../../widget/models/rows.js"
import { readable } from "./said.js"

/** @import { Conversation, Message, Person } from "../../../shared/net/protocol.js" */
/** @import { Voice } from "../../../widget/lib/voice.js" */
/** @import { Place } from "../../shared/shapes.js" */
/** @import { Entry } from "../views/roster.js" */
/** @import { Inbox } from "./inbox.js" */
/** @import { Names } from "./names.js" */

const PRIVATE = 1
const GROUPS = [2, 3]
export const CHATROOM = 4
const SERVICE = 5
const SYSTEM = 6

/** How conversations look to this user: name, picture, who is here, and what was said last. */
export class Faces {
  /** What the user has, once they are known. @type {Inbox | null} */
  inbox = null
  /** Who is here, as the page says. @type {Map<string, boolean>} */
  here = new Map()
  /** Whether it does say. */
  presence = false
  /** The conversation on the screen, and what the page calls it. */
  #current = { key: "", title: "" }

  /**
   * @param {Voice} voice
   * @param {Names} names
   */
  constructor(voice, names) {
    this.voice = voice
    this.names = names
  }

  /**
   * Another conversation is on the screen, or the same once more.
   * @param {Place | null} place
   * @param {string} title empty: as before
   */
  turnTo(place, title) {
    const key = place ? keyOf(place) : ""
    const same = place !== null && key === this.#current.key
    this.#current = { key, title: title || (same ? this.#current.title : "") }
  }

  /** @param {Place | null} place */
  named(place) {
    if (!place) return ""
    if (this.#current.title && keyOf(place) === this.#current.key) return this.#current.title
    const { strings } = this.voice
    const { type, target } = place
    const conversation = this.inbox?.at(place)
    if (type === CHATROOM) return strings.get("compat-room", { name: conversation?.group?.name || target })
    if (GROUPS.includes(type)) return this.names.of("group", target)?.name || conversation?.group?.name || target
    if (type === SERVICE) return strings.get("compat-service")
    const other = conversation?.participants.find(({ id }) => id === target)
    if (type === SYSTEM) return other?.name || strings.get("compat-system")
    return this.names.of("person", target)?.name || other?.name || target
  }

  /**
   * @param {Place} place
   * @param {Conversation | undefined} conversation
   * @returns {{ person: Person | null, symbol: string, square: boolean }}
   */
  of(place, conversation) {
    const { type, target } = place
    const name = this.named(place)
    if (type === CHATROOM) return { person: null, symbol: "room", square: true }
    if (type === SYSTEM) return { person: null, symbol: "notice", square: true }
    const group = GROUPS.includes(type)
    const picture = this.names.of(group ? "group" : "person", target)?.portrait
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
  isHere({ type, target }, conversation) {
    if (type !== PRIVATE) return undefined
    if (this.presence) return this.here.get(target)
    return conversation?.participants.find(({ id }) => id === target)?.online
  }

  /**
   * The line under the name.
   * @param {Place} place
   * @param {Conversation | undefined} conversation
   * @returns {{ dot: string, text: string }}
   */
  status(place, conversation) {
    const { strings } = this.voice
    if (this.isHere(place, conversation)) return { dot: "good", text: strings.get("status-online") }
    const members = conversation?.group?.members ?? 0
    if (place.type === CHATROOM && members > 0) return { dot: "", text: strings.get("list-room", { n: members }) }
    if (GROUPS.includes(place.type) && members > 0)
      return { dot: "", text: strings.get("compat-members", { n: members }) }
    return { dot: "", text: "" }
  }

  /**
   * A row of the list.
   * @param {Conversation} conversation
   * @param {Place} place
   * @param {number} now
   * @returns {Entry}
   */
  entry(conversation, place, now) {
    const here = this.isHere(place, conversation)
    const face = this.of(place, conversation)
    // Who stays away is not news, unless the page itself says so.
    const off = here === false && this.presence ? "off" : ""
    return {
      ...face,
      key: keyOf(place),
      title: this.named(place),
      dot: here ? "good" : off,
      preview: this.#preview(conversation, place),
      time: this.voice.times.brief(conversation.last?.at ?? conversation.changed_at, now),
      unread: this.inbox?.unreadOf(conversation) ?? 0,
    }
  }

  /**
   * @param {Conversation} conversation
   * @param {Place} place
   */
  #preview({ last }, place) {
    const me = this.inbox?.me
    const shown = last && this.readable(this.names.message(last))
    if (!shown) return ""
    const text = spokenOf(shown, this.voice.strings)
    if (text === null) return noteOf(shown, { ...this.voice, me })
    if (shown.from.id === me?.id) return this.voice.strings.get("preview-you", { text })
    return GROUPS.includes(place.type) ? `${shown.from.name}: ${text}` : text
  }

  /**
   * The conversation on the screen, as the page gets it.
   * @param {Place} place
   * @param {Conversation | undefined} conversation
   */
  told(place, conversation) {
    const { person } = this.of(place, conversation)
    return {
      targetType: place.type,
      targetId: place.target,
      title: this.named(place),
      portraitUri: person?.picture ?? "",
      unreadMessageCount: conversation ? (this.inbox?.unreadOf(conversation) ?? 0) : 0,
      onLine: this.isHere(place, conversation) === true,
    }
  }

  /** @param {Message} message @returns {Message | null} null for what is not shown */
  readable(message) {
    const name = (/** @type {string} */ id) => this.names.of("person", id)?.name ?? ""
    return readable(message, { strings: this.voice.strings, name })
  }
}
