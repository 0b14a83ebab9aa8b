import { Chat } from "../../../widget/models/chat.js"
import { keyOf, placeOf } from "../../shared/shapes.js"

/** @import { Conversation, Message, Push } from "../../../shared/net/protocol.js" */
/** @import { Place } from "../../shared/shapes.js" */

/** Types that raise no unread counts, as the server counts. */
const SILENT = /^RC:(?:InfoNtf|ContactNtf|ProfileNtf|CmdNtf|GrpNtf|DizNtf|RcCmd)$|^parlor:deleted$/

/** A conversation that its reader has done nothing to. */
const NOT_KEPT = { pinned: false, muted: false, removed: false, unread: 0, mentions: 0, cleared: 0 }

/** Everything a user's frame knows: their own list, what was said, who is there. Pure. */
export class Inbox extends Chat {
  constructor() {
    super({ me: null, desk: { online: false, agents: [], waiting: 0, mine: 0 }, conversations: [], page: null })
  }

  /** @param {Conversation} conversation @returns {Place} */
  placeOf(conversation) {
    return placeOf(conversation, this.me?.id ?? "")
  }

  /** @param {Place} place @returns {Conversation | undefined} */
  at(place) {
    const key = keyOf(place)
    return this.conversations.find((conversation) => keyOf(this.placeOf(conversation)) === key)
  }

  /** @returns {Conversation[]} the own list: pinned ones first, then newest change first */
  get list() {
    const listed = this.conversations.filter(({ mine, kind }) => !mine?.removed && kind !== "chatroom")
    return listed.sort((a, b) => Number(b.mine?.pinned ?? false) - Number(a.mine?.pinned ?? false))
  }

  /** @param {Conversation} conversation */
  unreadOf(conversation) {
    return conversation.kind === "chatroom" ? 0 : (this.mine(conversation)?.unread ?? 0)
  }

  /** @param {Message} message */
  counts(message) {
    return message.from.id !== this.me?.id && !SILENT.test(message.type)
  }

  /** @param {Conversation} conversation */
  take(conversation) {
    // How the reader keeps it is told to nobody else, and so not in every copy.
    conversation.mine ??= this.conversation(conversation.id)?.mine ?? { ...NOT_KEPT }
    super.take(conversation)
  }

  /** @param {Message} message */
  receive(message) {
    const conversation = this.conversation(message.conversation)
    if (conversation?.mine?.removed && message.seq !== null) conversation.mine.removed = false
    return super.receive(message)
  }

  /**
   * @param {Push} push
   * @param {number} now
   */
  hear(push, now) {
    if (push.push === "deleted") this.#delete(push.body.conversation, push.body.seqs)
    else if (push.push === "mine") this.#keep(push.body)
    else if (push.push === "chatroom") this.#leave(push.body.conversation)
    else return super.hear(push, now)
    return null
  }

  /**
   * @param {string} id
   * @param {number[]} seqs
   */
  #delete(id, seqs) {
    const log = this.log(id)
    for (const message of log.messages) {
      if (seqs.includes(message.seq ?? 0)) log.replace({ ...message, type: "parlor:deleted", content: {} })
    }
  }

  /** @param {import("../../../shared/net/protocol.js").Mine & { conversation: string }} kept */
  #keep({ conversation: id, ...mine }) {
    const conversation = this.conversation(id)
    if (!conversation) return
    conversation.mine = mine
    const own = this.mine(conversation)
    if (own) own.unread = mine.unread
  }

  /** @param {string} id of a chatroom that ended, or that one was put out of */
  #leave(id) {
    const room = this.conversation(id)
    if (room) room.participants = []
  }
}
