/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Desk, Service } from "../../shared/net/protocol.js" */
/** @import { Row } from "../models/rows.js" */

const NAMED_PLACES = 10

/**
 * The card under what the visitor wrote while nobody has answered: the place in line, or that nobody is in.
 * @param {Service | undefined} service
 * @param {Desk} desk
 * @param {boolean} left whether a message was left already
 * @param {Strings} strings
 * @returns {Row[]} one card or none
 */
export function queueCard(service, desk, left, strings) {
  const card = { kind: /** @type {const} */ ("queue"), key: "queue", agents: desk.agents }
  if (service?.stage.name === "offline") {
    const leave = left ? "" : strings.get("away-contact")
    return [{ ...card, title: strings.get("away-title"), wait: "", text: strings.get("away-note"), ahead: -1, leave }]
  }
  if (service?.stage.name !== "queued") return []
  const { ahead } = service
  return [
    {
      ...card,
      title: place(ahead, strings),
      wait: strings.get("queue-wait-unknown"),
      text: strings.get("queue-text"),
      ahead: ahead ?? -1,
      leave: strings.get("queue-leave"),
    },
  ]
}

/**
 * @param {number | undefined} ahead
 * @param {Strings} strings
 */
function place(ahead, strings) {
  if (ahead === undefined) return strings.get("queue-waiting")
  if (ahead === 0) return strings.get("queue-next")
  const n = ahead + 1
  if (n > NAMED_PLACES) return strings.get("queue-place-far", { n })
  return strings.get("queue-place", { n, ordinal: strings.get(`ordinal-${n}`) })
}
