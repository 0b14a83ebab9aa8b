import { find, isWriting, mark, slot } from "../lib/dom.js"
import { setSingleKeys, singleKeys } from "../lib/keys.js"
import { isPanelOpen, isPhone, openPanel } from "../lib/look.js"

/** Says which buttons stand for an open panel. @param {HTMLElement} root */
export function panelWords(root) {
  const open = String(isPanelOpen())
  for (const name of [".panel-button", ".conversation-who"]) mark(find(root, name), "aria-expanded", open)
}

/** Opens the panel beside the conversation, or closes it. The focus goes along, unless somebody writes. @param {HTMLElement} root */
export function togglePanel(root) {
  const open = !isPanelOpen()
  const wasWriting = isWriting(document.activeElement)
  openPanel(open)
  panelWords(root)
  if (wasWriting) return
  const name = isPhone() && !open ? ".conversation-who" : open ? ".panel [data-action=panel]" : ".panel-button"
  find(root, name).focus()
}

/** The sheet that says what keys do. @param {HTMLElement} root */
export function keysSheet(root) {
  return /** @type {HTMLDialogElement} */ (find(root, "dialog.keys"))
}

/** @param {HTMLElement} root */
export function showKeys(root) {
  const input = /** @type {HTMLInputElement} */ (slot(root, "single-keys"))
  input.checked = singleKeys()
  input.onchange = () => setSingleKeys(input.checked)
  keysSheet(root).showModal()
}
