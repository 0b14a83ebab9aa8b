import { lendStorage } from "./storage.js"
import { four } from "./four.js"
import { two } from "./two.js"

/**
 * Stands in the frame in which an SDK runs, before the SDK. Does what the page around the frame asks, over one port.
 *
 * @typedef {{ appkey: string, token: string, server: string, protobuf: string, room: string, other: string }} Given
 *
 * What drives one generation of the SDK.
 * @typedef {object} Driver
 * @property {string} version
 * @property {(given: Given, hear: (what: string, body: unknown) => void) => Promise<string>} connect resolves with the user's id
 * @property {(room: string) => Promise<unknown>} join
 * @property {(given: Given) => Record<string, () => unknown>} steps in the order in which they are run; a step that
 *   returns a text beginning with "–" was left out
 */

const STEP_MS = 15_000

/** @type {{ origin: string }} */
const start = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}")
/** @type {string[]} */
const missing = []
/** @type {Record<string, unknown>[]} */
const early = []
/** @type {MessagePort | null} */
let port = null
/** @type {Record<string, () => unknown>} */
let steps = {}

lendStorage()

/** @param {string} what @param {unknown} body */
function hear(what, body) {
  const said = { hear: what, body: plain(body) }
  if (port) port.postMessage(said)
  else early.push(said)
}

addEventListener(
  "error",
  (event) => {
    if (event.target instanceof HTMLScriptElement) missing.push(event.target.src)
    else hear("error", event.message)
  },
  true,
)
addEventListener("unhandledrejection", ({ reason }) => hear("error", wordsOf(reason)))
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  hear("blocked", { directive: effectiveDirective, address: blockedURI }),
)
addEventListener("load", () => {
  const driver = four(window) ?? two(window)
  const { port1, port2 } = new MessageChannel()
  port = port1
  port1.onmessage = ({ data }) => answer(driver, data)
  const version = driver?.version ?? ""
  parent.postMessage({ t: "runner", missing, version }, start.origin, [port2])
  for (const said of early.splice(0)) port1.postMessage(said)
})

/**
 * @param {Driver | null} driver
 * @param {{ id: number, ask: string, args: any }} asked
 */
async function answer(driver, { id, ask, args }) {
  try {
    if (!driver) throw new Error("no SDK")
    port?.postMessage({ id, ok: plain(await doIt(driver, ask, args)) })
  } catch (error) {
    port?.postMessage({ id, error: wordsOf(error) })
  }
}

/**
 * @param {Driver} driver
 * @param {string} ask
 * @param {any} args
 */
function doIt(driver, ask, args) {
  switch (ask) {
    case "connect":
      return driver.connect(args, hear)
    case "join":
      return driver.join(String(args))
    case "steps":
      steps = driver.steps(args)
      return Object.keys(steps)
    case "step":
      return inTime(String(args))
    default:
      throw new Error(`nobody knows how to ${ask}`)
  }
}

/** @param {string} name */
async function inTime(name) {
  const began = performance.now()
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`no answer in ${STEP_MS / 1000} s`)), STEP_MS),
  )
  try {
    const got = await Promise.race([Promise.resolve().then(() => steps[name]?.()), late])
    return { ok: true, ms: performance.now() - began, got: plain(got) }
  } catch (error) {
    return { ok: false, ms: performance.now() - began, got: wordsOf(error) }
  }
}

/** What can be sent: data without functions, cycles and large texts. @param {unknown} value */
function plain(value) {
  if (value === undefined) return null
  const above = new Set()
  try {
    return JSON.parse(
      JSON.stringify(value, (_, part) => {
        if (typeof part === "bigint") return String(part)
        if (typeof part === "string" && part.length > 20_000) return `${part.slice(0, 200)}… (${part.length})`
        if (part && typeof part === "object") {
          if (above.has(part)) return "…"
          above.add(part)
        }
        return part
      }) ?? "null",
    )
  } catch (error) {
    return String(error)
  }
}

/** @param {any} error */
function wordsOf(error) {
  if (error instanceof Error) return error.message
  if (error && typeof error === "object") return JSON.stringify(plain(error))
  return String(error)
}
