/** @import { StagedFile } from "../../shared/views/staged.js" */
/** @import { Outbox } from "../../shared/models/outbox.js" */
/** @import { Files } from "../net/files.js" */
/** @import { Line } from "../net/line.js" */
/** @import { ConversationPane } from "../panes/conversation.js" */
/** @import { ListPane } from "../panes/list.js" */

/**
 * @typedef {object} WritingParts
 * @property {Line} line
 * @property {Outbox} outbox
 * @property {Files} files
 * @property {ListPane} list
 * @property {ConversationPane} conversation
 * @property {() => void} changed what is under way is something else
 */

/** What an agent sends, tries again and takes out. */
export class Writing {
  /** @param {WritingParts} parts */
  constructor(parts) {
    this.parts = parts
  }

  /**
   * @param {string} id of the conversation
   * @param {string} text
   * @param {StagedFile[]} files
   */
  send(id, text, files) {
    const { line, outbox, conversation, changed } = this.parts
    if (files.length > 0) {
      this.parts.files.send(id, files, text)
      return conversation.log.toEnd()
    }
    outbox.add({ conversation: id }, "RC:TxtMsg", { content: text })
    changed()
    conversation.log.toEnd()
    line.sender.pump()
  }

  /** @param {string} client the client id of what was not sent */
  tryAgain(client) {
    const { line, outbox, files, conversation, changed } = this.parts
    if (files.uploads.has(client)) return files.uploads.retry(client)
    outbox.retry(client)
    changed()
    conversation.composer.focus()
    line.sender.pump()
  }

  /** @param {string} client the client id of what is not to be sent */
  remove(client) {
    const { outbox, files, list, conversation, changed } = this.parts
    if (files.uploads.has(client)) files.uploads.discard(client)
    outbox.remove(client)
    changed()
    list.refresh()
    if (conversation.composer.isThere) conversation.composer.focus()
    else conversation.log.focus()
  }
}
