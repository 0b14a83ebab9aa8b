import { mediaOf, mediaWords } from "../../shared/models/media.js"
import { drawMedia } from "../../shared/views/media.js"
import { t } from "../page.js"

/** @import { Media } from "../../shared/models/media.js" */
/** @import { Job } from "../../shared/models/uploads.js" */
/** @import { MediaContext } from "../../shared/views/media.js" */

/** How pictures, files and sound are shown; known once the page has a line. @type {MediaContext | null} */
let by = null
/** @type {(client: string | null) => string | undefined} */
let localOf = () => undefined

/**
 * @param {MediaContext} context
 * @param {(client: string | null) => string | undefined} local the own copy of a picture that was sent
 */
export function showMediaBy(context, local) {
  by = context
  localOf = local
}

/** @param {string} type */
export function carries(type) {
  return mediaOf(type, {}) !== null
}

/**
 * What a list says of it.
 * @param {{ type: string, content: Record<string, unknown> }} message
 */
export function carriedWords({ type, content }) {
  const media = mediaOf(type, content)
  return media ? mediaWords(media, (key) => t(key)) : ""
}

/**
 * Fills a bubble with what a message carries.
 * @param {HTMLElement} place
 * @param {{ type: string, content: Record<string, unknown>, client_id: string | null, job?: Job }} message
 */
export function drawCarried(place, { type, content, client_id, job }) {
  const media = job ? going(job) : mediaOf(type, content)
  if (!media || !by) return
  const copy = media.kind === "image" ? localOf(client_id) : undefined
  drawMedia(place, copy ? { ...media, local: copy } : media, by)
}

/**
 * A file on its way.
 * @param {Job} job
 * @returns {Media}
 */
function going({ key, file, state, done, reason, local, width, height }) {
  const { name, size } = file
  const kind = local ? "image" : "file"
  const way = { key, state, done, reason }
  return { kind, file: null, href: "", name, size, thumb: "", width, height, seconds: 0, inline: "", local, going: way }
}
