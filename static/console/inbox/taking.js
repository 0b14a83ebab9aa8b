import { agentOf, nameOf, visitorName } from "../lib/words.js"
import { t } from "../page.js"

/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { Desk } from "../models/desk.js" */
/** @import { Line } from "../net/line.js" */
/** @import { ConversationPane } from "../panes/conversation.js" */
/** @import { StatusBlock } from "../panes/status.js" */
/** @import { Toast } from "../panes/toast.js" */
/** @import { Bell } from "./bell.js" */

/**
 * @typedef {object} TakingParts
 * @property {Line} line
 * @property {Desk} desk
 * @property {Bell} bell
 * @property {StatusBlock} status
 * @property {ConversationPane} conversation
 * @property {Toast} toast
 * @property {(id: string) => void} open shows a conversation of one's own
 */

/** Taking conversations and ending them. */
export class Taking {
  /** @param {TakingParts} parts */
  constructor(parts) {
    this.parts = parts
  }

  /**
   * @param {string} id
   * @param {string | null} shown the conversation on the screen, where somebody may be writing
   */
  async accept(id, shown) {
    const { line, desk, bell, status, conversation: pane, toast } = this.parts
    if (!line.isLive) return
    bell.stop(id)
    const { composer } = pane
    const stay = shown !== null && shown !== id && composer.isThere && !composer.isEmpty
    const failed = await line.change("accept", id)
    const conversation = desk.get(id)
    if (failed) {
      if (!failed.lost) toast.show(failed.code === "already_taken" ? takenBy(conversation) : failed.message)
      return
    }
    status.forgetMissed()
    const open = () => this.parts.open(id)
    if (!stay || !conversation) return open()
    toast.show(t("accepted-toast", { name: visitorName(conversation) }), { words: t("open"), act: open })
  }

  /** @param {Conversation | undefined} conversation */
  async end(conversation) {
    const { line, desk, toast } = this.parts
    if (!conversation || !line.isLive || !desk.mayEnd(conversation)) return
    const failed = await line.change("end", conversation.id)
    if (!failed) toast.show(t("ended-toast", { name: visitorName(conversation) }))
    else if (!failed.lost) toast.show(failed.message)
  }
}

/** @param {Conversation | undefined} conversation */
function takenBy(conversation) {
  const agent = conversation && agentOf(conversation)
  return agent ? t("ring-taken", { name: nameOf(agent) }) : t("ring-taken-somebody")
}
