/** The few things every part does with the document. */

export { icon } from "../../shared/lib/icon.js"

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(root, selector) {
  const found = root.querySelector(selector)
  if (!(found instanceof HTMLElement)) throw new Error(`nothing matches ${selector}`)
  return found
}

/**
 * A named place that is filled with text or switched on and off.
 * @param {ParentNode} root
 * @param {string} name
 */
export function slot(root, name) {
  return find(root, `[data-slot="${name}"]`)
}

/**
 * A copy of a part that the server printed into a `<template>`.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function clone(id) {
  const template = document.getElementById(id)
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${id}`)
  return find(/** @type {DocumentFragment} */ (document.importNode(template.content, true)), "*")
}

/**
 * Writes only what differs: an untouched text is not announced again.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value null removes it
 */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** @returns {boolean} whether the reader lets things move */
export function mayMove() {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches
}

/**
 * Whether the event happened where single letters are text.
 * @param {EventTarget | null} target
 */
export function isWriting(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  )
}
