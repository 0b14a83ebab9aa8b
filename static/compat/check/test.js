import { givenIn, part, Sdk, told } from "./sdk.js"

/** Longest answer that is shown. */
const LONGEST = 400

const form = part("connect", HTMLFormElement)
const state = part("state", HTMLParagraphElement)
const nothing = part("nothing", HTMLParagraphElement)
const results = part("results", HTMLDivElement)
const rows = part("rows", HTMLTableSectionElement)
const copy = part("copy", HTMLButtonElement)

/** @typedef {{ name: string, result: "passed" | "failed" | "left out", ms: number, answer: string }} Result */

/** @type {Sdk | null} */
let sdk = null
/** @type {{ version: string, server: string, results: Result[], noticed: string[] }} */
let report = { version: "", server: "", results: [], noticed: [] }

/** @param {string} words @param {string} [now] */
function say(words, now = "ended") {
  state.dataset.state = now
  state.textContent = words
}

/** @param {Result} result */
function show({ name, result, ms, answer }) {
  const row = rows.insertRow()
  const head = document.createElement("th")
  head.scope = "row"
  head.textContent = name
  row.append(head)
  for (const words of [result, result === "left out" ? "" : `${Math.round(ms)} ms`, answer]) {
    row.insertCell().textContent = words
  }
  row.dataset.result = result
  nothing.hidden = true
  results.hidden = false
}

/**
 * @param {string} name
 * @param {{ ok: boolean, ms: number, got: unknown }} answer
 * @returns {Result}
 */
function judge(name, { ok, ms, got }) {
  const words = typeof got === "string" ? got : got === null ? "" : JSON.stringify(got)
  const out = ok && words.startsWith("– ")
  return {
    name,
    result: out ? "left out" : ok ? "passed" : "failed",
    ms,
    answer: words.length > LONGEST ? `${words.slice(0, LONGEST)} …` : words,
  }
}

async function run() {
  sdk?.stop()
  const { addresses, ...given } = givenIn(form)
  const mine = new Sdk((what, body) => {
    // What it wanted and did not get explains what failed.
    if (what === "blocked" || what === "error") report.noticed.push(`${what}: ${JSON.stringify(body)}`)
  })
  sdk = mine
  rows.replaceChildren()
  results.hidden = true
  nothing.hidden = false
  copy.disabled = true
  say("Loading the SDK …", "connecting")
  try {
    const version = await mine.load(part("runner", HTMLDivElement), addresses)
    report = { version, server: given.server, results: [], noticed: [] }
    /** @type {string[]} */
    const names = await mine.ask("steps", given)
    for (const [at, name] of names.entries()) {
      say(`${at + 1} of ${names.length}: ${name}`, "connecting")
      const result = judge(name, await mine.ask("step", name))
      report.results.push(result)
      show(result)
      if (name === "connect" && result.result === "failed") break
    }
    conclude()
  } catch (error) {
    if (sdk === mine) say(told(error))
  }
}

function conclude() {
  const count = (/** @type {string} */ result) => report.results.filter((one) => one.result === result).length
  const failed = count("failed")
  const words = `${count("passed")} passed, ${failed} failed, ${count("left out")} left out`
  say(words, failed === 0 ? "live" : "ended")
  copy.disabled = false
}

/** @returns {string} */
function reportText() {
  const lines = report.results.map(
    ({ name, result, ms, answer }) =>
      `${result.padEnd(8)} ${String(Math.round(ms)).padStart(6)} ms  ${name}  ${answer}`,
  )
  const head = [`SDK ${report.version}, ${report.server}, ${new Date().toISOString()}`, state.textContent ?? ""]
  return [...head, "", ...lines, "", ...report.noticed].join("\n")
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  run()
})
copy.addEventListener("click", async () => {
  const words = copy.textContent
  try {
    await navigator.clipboard.writeText(reportText())
    copy.textContent = "Copied"
  } catch {
    copy.textContent = "Copying is not allowed here"
  }
  setTimeout(() => {
    copy.textContent = words
  }, 2_000)
})
