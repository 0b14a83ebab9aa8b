// Plays one journey of several clients and says how it ended.

import { journeys } from "/sdk/journeys.js"
import { Troupe } from "/sdk/troupe.js"

const name = new URLSearchParams(location.search).get("journey")
const setup = await (await fetch("/setup.json")).json()
const troupe = new Troupe(setup)
window.troupe = troupe
try {
  await journeys[name](troupe)
  window.outcome = { well: true }
} catch (error) {
  window.outcome = { well: false, why: `${error?.stack ?? JSON.stringify(error)}`, steps: troupe.steps }
}
document.querySelector("#ending").textContent = JSON.stringify(window.outcome)
