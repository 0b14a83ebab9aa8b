import { takeDrops } from "../../shared/lib/drop.js"
import { mediaOf, sizeWords } from "../../shared/models/media.js"
import { slot, write } from "../lib/dom.js"
import { device } from "../lib/keep.js"
import { nameOf, when } from "../lib/words.js"
import { page, region, t } from "../page.js"

/** @import { Message } from "../../shared/net/protocol.js" */
/** @import { Media } from "../../shared/models/media.js" */
/** @import { Files } from "../net/files.js" */
/** @import { ConversationPane } from "../panes/conversation.js" */

/**
 * Lets files be dropped anywhere on the conversation.
 * @param {ConversationPane} conversation
 * @param {AbortSignal} signal
 */
export function takeFiles({ pane, composer }, signal) {
  const drop = slot(pane, "drop")
  const events = {
    allowed: () => composer.isThere,
    over: (/** @type {boolean} */ on) => {
      drop.hidden = !on
      if (on) write(slot(drop, "drop-limits"), t("comp-limits", { size: sizeWords(page.data.limits.file, region) }))
    },
    take: (/** @type {File[]} */ files) => composer.stage(files),
  }
  takeDrops(pane, events, signal)
}

/**
 * Opens the panel of signs, or closes it. Its code is fetched when it is first wanted.
 * @param {ConversationPane} conversation
 * @param {HTMLElement} button
 */
export async function toggleSigns({ composer }, button) {
  /** @type {typeof import("../../shared/emoji/main.js")} */
  const { toggleEmoji } = await import(page.data.modules.emoji)
  toggleEmoji({
    parent: composer.form,
    button,
    language: page.language,
    say: t,
    insert: (sign) => composer.insert(sign),
    done: () => composer.focus(),
    keep: device.storage,
  })
}

/**
 * Shows a picture large, among the others of its conversation.
 * @param {Media} media
 * @param {{ opener: HTMLElement, messages: readonly Message[], links: Files["links"] }} place
 */
export async function enlarge(media, { opener, messages, links }) {
  /** @type {typeof import("../../shared/lightbox/main.js")} */
  const { openLightbox } = await import(page.data.modules.lightbox)
  const pictures = messages.flatMap(({ type, content, from, at }) => {
    const carried = mediaOf(type, content)
    const who = from.id === page.data.me.id ? t("you") : nameOf(from)
    return carried?.kind === "image" ? [{ media: carried, who, when: when(at) }] : []
  })
  const at = pictures.findIndex((one) => one.media.file === media.file && one.media.href === media.href)
  if (at >= 0) openLightbox({ pictures, at, links, say: t, opener })
}
