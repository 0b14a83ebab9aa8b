import { mediaOf, sizeWords } from "../../shared/models/media.js"
import { byId, say } from "../lib/dom.js"
import { Shelf } from "../lib/storage.js"

/** @import { Media } from "../../shared/models/media.js" */
/** @import { Times } from "../../shared/lib/time.js" */
/** @import { Links } from "../../shared/net/files.js" */
/** @import { Message } from "../../shared/net/protocol.js" */
/** @import { Composer } from "../elements/composer.js" */

/**
 * @typedef {object} Means what the page brought for files, pictures and signs
 * @property {string} language
 * @property {{ emoji: string, lightbox: string }} modules addresses of code that is fetched when it is first wanted
 * @property {{ image: number, file: number }} limits bytes
 *
 * @typedef {(key: string, args?: Record<string, string | number>) => string} Say
 */

/**
 * Says over the whole chat that files may be dropped on it.
 * @param {string | null} name whom they would be for; null when none are over it any more
 * @param {Means} means
 * @param {Say} words
 */
export function showDrop(name, { limits, language }, words) {
  byId("drop").hidden = name === null
  if (name === null) return
  say(byId("drop-title"), words("comp-drop", { name }))
  say(byId("drop-limits"), words("comp-limits", { size: sizeWords(limits.file, language) }))
}

/**
 * Opens the panel of signs, or closes it.
 * @param {Composer} composer
 * @param {HTMLElement} button
 * @param {Means} means
 * @param {Say} words
 */
export async function toggleSigns(composer, button, { modules, language }, words) {
  /** @type {typeof import("../../shared/emoji/main.js")} */
  const { toggleEmoji } = await import(modules.emoji)
  toggleEmoji({
    parent: byId("foot"),
    button,
    language,
    say: words,
    insert: (sign) => composer.insert(sign),
    done: () => composer.focus(),
    keep: Shelf.box,
  })
}

/**
 * Shows a picture large, among the others of its conversation.
 * @param {Media} media
 * @param {HTMLElement} opener
 * @param {object} by
 * @param {() => readonly Message[]} by.messages of the conversation, once the code is there
 * @param {(message: Message) => { who: string, local?: string | undefined }} by.from whose a picture is, and its own copy here
 * @param {() => number} by.now
 * @param {Times} by.times
 * @param {Links} by.links
 * @param {Means} by.means
 * @param {Say} by.say
 */
export async function enlarge(media, opener, { messages, from, now, times, links, means, say }) {
  /** @type {typeof import("../../shared/lightbox/main.js")} */
  const { openLightbox } = await import(means.modules.lightbox)
  const pictures = messages().flatMap((message) => {
    const carried = mediaOf(message.type, message.content)
    if (carried?.kind !== "image") return []
    const { who, local } = from(message)
    const shown = local ? { ...carried, local } : carried
    return [{ media: shown, who, when: `${times.day(message.at, now())}, ${times.clock(message.at)}` }]
  })
  const at = pictures.findIndex((one) => one.media.file === media.file && one.media.href === media.href)
  if (at >= 0) openLightbox({ pictures, at, links, say, opener })
}
