import { isView } from "../models/desk.js"

/** @import { View } from "../models/desk.js" */

/**
 * A place in the inbox: a view, and in it perhaps an open conversation.
 * @typedef {{ view: View, id: string | null }} Place
 */

/**
 * @param {string} path
 * @returns {Place | null} null for other pages
 */
export function placeOf(path) {
  const [, console, inbox, view, id = null] = path.split("/")
  return console === "console" && inbox === "inbox" && isView(view) ? { view, id: id || null } : null
}

/** @param {Place} place */
export function pathOf({ view, id }) {
  return `/console/inbox/${view}${id ? `/${id}` : ""}`
}

/**
 * The place a plain click on a link leads to; others (new tab, other pages) are the browser's.
 * @param {MouseEvent} event
 * @returns {Place | null}
 */
export function followed({ target, button, metaKey, ctrlKey, shiftKey, altKey }) {
  const link = target instanceof Element ? target.closest("a[href]") : null
  const plain = button === 0 && !metaKey && !ctrlKey && !shiftKey && !altKey
  const ours = link instanceof HTMLAnchorElement && !link.target && link.origin === location.origin
  return plain && ours ? placeOf(link.pathname) : null
}
