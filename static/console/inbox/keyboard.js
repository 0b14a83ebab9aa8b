import { find } from "../lib/dom.js"
import { listen } from "../lib/keys.js"

/**
 * @typedef {object} Actions What keys do. Names as in the sheet of keys.
 * @property {(step: 1 | -1) => void} step to the next or the previous conversation of the list
 * @property {() => void} list to the list
 * @property {() => void} enter to the messages, or the offer of the toast
 * @property {() => void} reply to the composer
 * @property {() => void} accept the ringing conversation, or take the open one
 * @property {() => void} decline
 * @property {() => void} end
 * @property {() => void} news shows what is new in the list
 * @property {() => void} panel
 * @property {() => void} sounds
 * @property {() => void} sidebar
 * @property {() => void} keys shows the sheet
 * @property {() => void} leave one step back
 * @property {(back: boolean) => void} pane to the next part of the page
 * @property {Record<string, () => void>} go by the letter that follows G
 */

/**
 * The keys of the inbox.
 * @param {Actions} actions
 * @param {AbortSignal} signal
 */
export function keyboard({ go, leave, pane, ...actions }, signal) {
  const single = {
    j: () => actions.step(1),
    k: () => actions.step(-1),
    ArrowDown: actions.list,
    ArrowUp: actions.list,
    Enter: actions.enter,
    r: actions.reply,
    a: actions.accept,
    d: actions.decline,
    e: actions.end,
    u: actions.news,
    i: actions.panel,
    m: actions.sounds,
    "\\": actions.sidebar,
    "?": actions.keys,
  }
  listen({ single, go, alt: { KeyA: actions.accept, KeyD: actions.decline }, leave, pane }, signal)
}

/**
 * The part of the page after, or before, the one with the focus.
 * @param {HTMLElement} root
 * @param {boolean} back
 * @returns {HTMLElement | undefined}
 */
export function paneBeside(root, back) {
  const all = [".sidebar", ".list-pane", ".main", ".panel"].map((name) => find(root, name))
  const panes = all.filter((pane) => pane.offsetParent !== null)
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  return panes.at((at + (back ? -1 : 1)) % panes.length)
}
