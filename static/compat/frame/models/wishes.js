/** @import { Place } from "../../shared/shapes.js" */

/**
 * @typedef {object} Wishes what the page around the frame asked for
 * @property {string} token
 * @property {boolean} list whether the list stands beside the conversation
 * @property {boolean} right whether it stands on the right
 * @property {string[]} hidden keys of conversations that are never listed nor counted
 * @property {boolean} mutable whether there are sounds to mute
 * @property {boolean} presence whether the page knows who is here
 */

/**
 * What a page wants, whatever it sent.
 * @param {Record<string, any>} said
 * @returns {Wishes}
 */
export function wishesFrom(said) {
  return {
    token: String(said.token ?? ""),
    list: said.list === true,
    right: said.right === true,
    hidden: Array.isArray(said.hidden) ? said.hidden.map(String) : [],
    mutable: said.mutable === true,
    presence: said.presence === true,
  }
}

/** @param {any} said @returns {Place | null} null for what names no conversation */
export function placeFrom(said) {
  const type = Number(said?.type)
  const target = String(said?.target ?? "")
  return Number.isInteger(type) && type >= 1 && type <= 8 && target ? { type, target } : null
}
