/**
 * Messages and conversations in the shapes that pages of the original widget know (compatible protocol, "Message
 * contents" and "Public surface"). Pure.
 */

/** @import { Conversation, Message } from "../../shared/net/protocol.js" */

/** Kinds by their number, from 1. */
export const KINDS = [
  "private",
  "discussion",
  "group",
  "chatroom",
  "service",
  "system",
  "app_service",
  "public_service",
]

/** @typedef {{ type: number, target: string }} Place a conversation as these pages name it */

/** Content types by their wire names. */
const TYPES = {
  "RC:TxtMsg": "TextMessage",
  "RC:ImgMsg": "ImageMessage",
  "RC:VcMsg": "VoiceMessage",
  "RC:HQVCMsg": "HQVoiceMessage",
  "RC:GIFMsg": "GIFMessage",
  "RC:ImgTextMsg": "RichContentMessage",
  "RC:LBSMsg": "LocationMessage",
  "RC:FileMsg": "FileMessage",
  "RC:SightMsg": "SightMessage",
  "RC:ReferenceMsg": "ReferenceMessage",
  "RC:InfoNtf": "InformationNotificationMessage",
  "RC:ContactNtf": "ContactNotificationMessage",
  "RC:ProfileNtf": "ProfileNotificationMessage",
  "RC:CmdNtf": "CommandNotificationMessage",
  "RC:CmdMsg": "CommandMessage",
  "RC:DizNtf": "DiscussionNotificationMessage",
  "RC:GrpNtf": "GroupNotificationMessage",
  "RC:ReadNtf": "ReadReceiptMessage",
  "RC:TypSts": "TypingStatusMessage",
  "RC:RcCmd": "RecallCommandMessage",
  "RC:CsHsR": "HandShakeResponseMessage",
  "RC:CsEnd": "TerminateMessage",
  "RC:CsUpdate": "CustomerStatusUpdateMessage",
  "RC:CsLm": "LeaveMessage",
}

/**
 * @param {Conversation} conversation
 * @param {string} me
 * @returns {Place}
 */
export function placeOf({ id, kind, handle, participants, service }, me) {
  const type = KINDS.indexOf(kind) + 1
  if (service) return { type, target: service.site }
  if (handle) return { type, target: handle }
  const pair = kind === "private" || kind === "system" || kind === "app_service" || kind === "public_service"
  const other = pair ? participants.find((participant) => participant.id !== me) : undefined
  return { type, target: other?.id ?? id }
}

/**
 * @param {Place} place
 * @returns {Record<string, string> | null} where a message for it goes; null for what nobody writes to by its name
 */
export function wayTo({ type, target }) {
  const kind = KINDS[type - 1]
  if (kind === "group" || kind === "discussion" || kind === "chatroom") return { [kind]: target }
  return kind === undefined || kind === "service" || kind === "system" ? null : { user: target }
}

/** @param {Place} place */
export function keyOf({ type, target }) {
  return `${type} ${target}`
}

/**
 * A message as the pages' handlers get it: direction 1 sent, 2 received; status 30 sent.
 * @param {Message} message
 * @param {Place} place
 * @param {string} me
 */
export function messageFor(message, { type, target }, me) {
  const { uid, type: objectName, content, at, from } = message
  const messageType = /** @type {Record<string, string>} */ (TYPES)[objectName] ?? "UnknownMessage"
  const own = from.id === me
  return {
    content: { ...content, messageName: messageType },
    conversationType: type,
    targetId: target,
    objectName,
    messageType,
    messageDirection: own ? 1 : 2,
    messageId: uid,
    messageUId: uid,
    senderUserId: from.id,
    sentTime: at,
    receivedTime: Date.now(),
    sentStatus: 30,
    receivedStatus: 0,
    offLineMessage: false,
    extra: typeof content.extra === "string" ? content.extra : "",
  }
}
