import { find, mark, slot, write } from "../lib/dom.js"
import { agentOf, nameOf, stageLine, visitorName, visitorOf } from "../lib/words.js"
import { t } from "../page.js"
import { Composer } from "./composer.js"
import { LogPane } from "./log.js"
import { paint } from "./row.js"

/** @import { Conversation } from "../../shared/net/protocol.js" */
/** @import { Entry } from "./log.js" */
/** @import { Desk } from "../models/desk.js" */
/** @import { Thread } from "../models/thread.js" */
/** @import { ComposerEvents } from "./composer.js" */
/** @import { LogEvents } from "./log.js" */

/** The open conversation: head, log, composer or what stands in its place. */
export class ConversationPane {
  /**
   * @param {HTMLElement} pane
   * @param {Desk} desk
   * @param {LogEvents & ComposerEvents} events
   * @param {AbortSignal} signal
   */
  constructor(pane, desk, events, signal) {
    this.pane = pane
    this.desk = desk
    this.log = new LogPane(pane, events, signal)
    this.composer = new Composer(pane, events, signal)
  }

  /**
   * Another conversation.
   * @param {Thread} thread
   * @param {string} draft
   */
  open(thread, draft) {
    const conversation = this.desk.get(thread.id)
    this.log.open(thread)
    this.composer.open(draft, conversation ? visitorName(conversation) : "")
  }

  /**
   * @param {Conversation} conversation
   * @param {boolean} live
   */
  show(conversation, live) {
    const visitor = visitorOf(conversation)
    const name = visitorName(conversation)
    this.pane.hidden = false
    this.pane.dataset.id = conversation.id
    mark(this.pane, "aria-label", t("conversation-with", { name }))
    write(slot(this.pane, "name"), name)
    if (visitor) paint(slot(this.pane, "avatar"), visitor, visitor.online ? "online" : "")
    this.composer.address(name)
    this.tick(conversation)
    this.actions(conversation, live)
  }

  hide() {
    this.pane.hidden = true
  }

  /** @param {Conversation} conversation */
  tick(conversation) {
    write(slot(this.pane, "stage"), stageLine(conversation))
  }

  /**
   * What can be done with it; without a line nothing but writing.
   * @param {Conversation} conversation
   * @param {boolean} live
   */
  actions(conversation, live) {
    this.#action("take", this.desk.isWaiting(conversation), live)
    this.#action("end", this.desk.mayEnd(conversation), live)
    const mine = this.desk.isMine(conversation)
    if (this.composer.isThere !== mine) this.composer.show(mine)
    const instead = slot(this.pane, "instead")
    instead.hidden = mine
    if (!mine) write(instead, this.#instead(conversation))
  }

  /**
   * @param {Conversation} conversation
   * @param {Entry[]} pending
   * @param {boolean} live
   */
  showLog(conversation, pending, live) {
    this.log.show(conversation, pending, live)
  }

  /** @param {string} name who types; empty when nobody does */
  typing(name) {
    write(slot(this.pane, "typing"), name ? t("typing", { name }) : "")
  }

  /**
   * @param {"take" | "end"} name
   * @param {boolean} there
   * @param {boolean} live
   */
  #action(name, there, live) {
    const button = find(this.pane, `[data-action="${name}"]`)
    button.hidden = !there
    mark(button, "aria-disabled", live ? null : "true")
    mark(button, "title", live ? null : t("needs-connection"))
  }

  /** @param {Conversation} conversation */
  #instead(conversation) {
    if (this.desk.isEnded(conversation)) return t("closed-line")
    if (this.desk.isWaiting(conversation)) return t("take-line")
    return t("other-line", { name: nameOf(agentOf(conversation)) })
  }
}
