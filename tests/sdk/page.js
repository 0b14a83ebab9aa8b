// Plays one journey of several clients and says how it ended.

import { journeys } from "/sdk/journeys.js"
import { Troupe } from "/sdk/troupe.js"

const name = new URLSearchParams(location.search).get("journey")
const setup = await (await fetch("/setup.json")).json()
const troupe = new Troupe(setup)
window.troupe = troupe
let outcome
try {
  await journeys[name](troupe)
  outcome = { well: true }
} catch (error) {
  outcome = { well: false, why: `${error?.stack ?? JSON.stringify(error)}`, steps: troupe.steps }
}
// Nobody is there any more when the server goes: an SDK would try to come back.
troupe.everybodyLeaves()
window.outcome = outcome
document.querySelector("#ending").textContent = JSON.stringify(outcome)
