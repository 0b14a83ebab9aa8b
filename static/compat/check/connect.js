import { givenIn, part, Sdk, told } from "./sdk.js"

/** Older entries make room for newer ones. */
const MOST_SHOWN = 200

const form = part("connect", HTMLFormElement)
const state = part("state", HTMLParagraphElement)
const frames = part("frames", HTMLOListElement)
const nothing = part("nothing", HTMLParagraphElement)

/** @type {Sdk | null} */
let sdk = null

/**
 * @param {string} what
 * @param {unknown} body
 */
function show(what, body) {
  const entry = document.createElement("li")
  const head = document.createElement("p")
  head.textContent = `${new Date().toISOString().slice(11, 23)} · ${what}`
  const json = document.createElement("pre")
  json.textContent = typeof body === "string" ? body : JSON.stringify(body, null, 2)
  entry.append(head, json)
  frames.prepend(entry)
  while (frames.children.length > MOST_SHOWN) frames.lastElementChild?.remove()
  nothing.hidden = true
}

/** @param {string} words @param {string} [now] */
function say(words, now = "ended") {
  state.dataset.state = now
  state.textContent = words
}

async function begin() {
  sdk?.stop()
  const { addresses, ...given } = givenIn(form)
  const mine = new Sdk(show)
  sdk = mine
  say("Loading the SDK …", "connecting")
  try {
    const version = await mine.load(part("runner", HTMLDivElement), addresses)
    say(`Connecting with SDK ${version} …`, "connecting")
    const user = await mine.ask("connect", given)
    say(`Connected as ${user} with SDK ${version}`, "live")
    show("connected", { user, version })
    if (given.room) show("joined", { room: given.room, answer: await mine.ask("join", given.room) })
  } catch (error) {
    if (sdk !== mine) return
    if (state.dataset.state !== "live") say(told(error))
    show("failed", told(error))
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault()
  begin()
})
part("clear", HTMLButtonElement).addEventListener("click", () => {
  frames.replaceChildren()
  nothing.hidden = false
})
