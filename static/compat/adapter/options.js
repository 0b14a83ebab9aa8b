/** What a page asked for, under the names of the original widget, made sure of. */

/** @import { Layout } from "./panel.js" */

const WIDTH = 450
const HEIGHT = 470
export const LIST = 284
const EDGE = "20px"
const SMALLEST = { width: 300, height: 320 }

/**
 * @param {unknown} value
 * @param {number} usual
 * @param {number} least
 */
function pixels(value, usual, least) {
  const number = typeof value === "string" ? Number.parseFloat(value) : value
  return typeof number === "number" && Number.isFinite(number) ? Math.max(least, number) : usual
}

/** @param {unknown} value @returns {string | null} */
function offset(value) {
  const number = typeof value === "string" ? Number.parseFloat(value) : value
  return typeof number === "number" && Number.isFinite(number) ? `${number}px` : null
}

/**
 * @param {Record<string, any>} style
 * @param {boolean} button
 * @returns {Layout}
 */
export function layoutOf(style, button) {
  /** @type {Record<string, string>} */
  const offsets = {}
  for (const side of ["top", "bottom", "left", "right"]) {
    const given = offset(style[side])
    if (given !== null) offsets[side] = given
  }
  if (!("top" in offsets)) offsets.bottom ??= EDGE
  if (!("left" in offsets)) offsets.right ??= EDGE
  return {
    offsets,
    absolute: style.positionFixed === false,
    width: pixels(style.width, WIDTH, SMALLEST.width),
    height: pixels(style.height, HEIGHT, SMALLEST.height),
    button,
  }
}

/**
 * @param {string} name of the function
 * @param {any} config
 */
export function demand(name, config) {
  if (typeof config?.appkey !== "string" || !config.appkey) throw new Error(`${name}: appkey is required`)
  if (typeof config.token !== "string" || !config.token) throw new Error(`${name}: token is required`)
}

/** @param {string} path @param {string} app */
export function pathOf(path, app) {
  return `${path}?app=${encodeURIComponent(app)}&page=${encodeURIComponent(location.origin)}`
}
