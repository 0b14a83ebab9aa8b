/** @import { Conversation, Desk, Participant } from "../../shared/net/protocol.js" */
/** @import { Voice } from "../lib/voice.js" */

/**
 * The line under the name in the header, and its dot.
 * @param {{ down: boolean, conversation: Conversation | undefined, agent: Participant | undefined, desk: Desk, now: number }} what
 * @param {Voice} voice
 * @returns {{ dot: "good" | "warn" | "", text: string }}
 */
export function statusOf({ down, conversation, agent, desk, now }, { strings, times, siteName }) {
  const stage = conversation?.service?.stage
  if (down) return { dot: "warn", text: strings.get("status-connecting") }
  if (stage?.name === "ended")
    return { dot: "", text: strings.get("status-ended", { time: times.brief(stage.at, now) }) }
  if (agent) return agent.online ? { dot: "good", text: strings.get("status-online") } : { dot: "", text: siteName }
  if (!desk.online) return { dot: "warn", text: strings.get("status-away") }
  return { dot: "good", text: here(desk, strings) }
}

/**
 * "Anna and Tomás are here"
 * @param {Desk} desk
 * @param {Voice["strings"]} strings
 */
export function here({ agents }, strings) {
  const names = agents.map(({ name }) => name)
  return strings.get("home-team", { names: strings.list(names), n: names.length })
}
