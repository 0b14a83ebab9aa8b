import { randomId } from "../shared/lib/ids.js"
import { Connection } from "../shared/net/connection.js"
import { CommandError } from "../shared/net/protocol.js"

/** @import { As } from "../shared/net/protocol.js" */

/** Older entries make room for newer ones. */
const MOST_SHOWN = 200

const WORDS = {
  connecting: "Connecting …",
  live: "Connected",
  waiting: "Not connected; trying again",
  ended: "Not connected",
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function part(id, type) {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`)
  return element
}

const connect = part("connect", HTMLFormElement)
const send = part("send", HTMLFormElement)
const state = part("state", HTMLParagraphElement)
const refused = part("refused", HTMLParagraphElement)
const frames = part("frames", HTMLOListElement)
const nothing = part("nothing", HTMLParagraphElement)

/** @type {Connection | null} */
let line = null

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
const field = (form, name) => String(new FormData(form).get(name) ?? "").trim()

/**
 * @param {string} what
 * @param {unknown} body
 */
function show(what, body) {
  const entry = document.createElement("li")
  const head = document.createElement("p")
  head.textContent = `${new Date().toISOString().slice(11, 23)} · ${what}`
  const json = document.createElement("pre")
  json.textContent = JSON.stringify(body, null, 2)
  entry.append(head, json)
  frames.prepend(entry)
  while (frames.children.length > MOST_SHOWN) frames.lastElementChild?.remove()
  nothing.hidden = true
}

/** @param {unknown} error */
const told = (error) => (error instanceof CommandError ? { code: error.code, message: error.message } : String(error))

/** @param {string} room */
async function join(room) {
  try {
    show("joined", await line?.command("chatroom_join", { chatroom: room }))
  } catch (error) {
    show("refused", told(error))
  }
}

function begin() {
  line?.stop()
  const [site, token, room] = ["site", "token", "room"].map((name) => field(connect, name))
  const as = /** @type {As} */ (field(connect, "as"))
  line = new Connection({
    as,
    ...(as === "visitor" && site ? { site } : {}),
    ...(token ? { token } : {}),
    whileHidden: true,
    onState: (now, reason) => {
      state.dataset.state = now
      state.textContent = reason ? `${WORDS[now]}: ${reason}` : WORDS[now]
      if (now === "live" && room) join(room)
    },
    onWelcome: (welcome) => show("welcome", welcome),
    onPush: (push) => show(`push · ${push.push}`, push.body),
  })
  line.start()
}

/** @returns {Record<string, unknown>} */
function target() {
  const to = field(send, "to")
  return to === "desk" ? { desk: true } : { [to]: field(send, "id") }
}

async function say() {
  refused.textContent = ""
  let content
  try {
    content = JSON.parse(field(send, "content"))
  } catch {
    refused.textContent = "The content is not JSON."
    return
  }
  if (line?.state !== "live") {
    refused.textContent = "Connect first."
    return
  }
  try {
    show("sent", await line.command("send", { ...target(), client_id: randomId(), type: field(send, "type"), content }))
  } catch (error) {
    refused.textContent = error instanceof Error ? error.message : String(error)
    show("refused", told(error))
  }
}

connect.addEventListener("change", () => {
  const site = connect.querySelector("[data-for=visitor]")
  if (site instanceof HTMLElement) site.hidden = field(connect, "as") !== "visitor"
})
connect.addEventListener("submit", (event) => {
  event.preventDefault()
  begin()
})
send.addEventListener("submit", (event) => {
  event.preventDefault()
  say()
})
part("clear", HTMLButtonElement).addEventListener("click", () => {
  frames.replaceChildren()
  nothing.hidden = false
})
