/** @import { Context } from "../../shared/net/protocol.js" */
/** @import { PageInfo } from "../net/host.js" */

/**
 * What the desk may know of where somebody writes from. The addresses are cut to origin and path by the launcher, and
 * again by the server.
 * @param {PageInfo} page
 * @returns {Context}
 */
export function contextOf({ page, title, referrer }) {
  return {
    page,
    title,
    referrer,
    language: navigator.language,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    device: deviceOf(navigator.userAgent),
  }
}

/** @type {[RegExp, string][]} */
const BROWSERS = [
  [/Edg(?:A|iOS)?\/(\d+)/, "Edge"],
  [/OPR\/(\d+)/, "Opera"],
  [/SamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/Version\/(\d+).*Safari/, "Safari"],
]
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/Android/, "Android"],
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
]

/**
 * @param {string} agent
 * @returns {string} such as "Firefox 140, Windows"; empty when unknown
 */
export function deviceOf(agent) {
  const browser = BROWSERS.map(([pattern, name]) => [pattern.exec(agent)?.[1], name]).find(([version]) => version)
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))
  return [browser && `${browser[1]} ${browser[0]}`, system?.[1]].filter(Boolean).join(", ")
}
