import { t } from "../page.js"

const MINUTE = 60_000
/** The target for an answer. */
const TARGET = 2 * MINUTE

/**
 * How long somebody waits: 1:12, 1 h 12 min, 3 d. The server's `view::wait_text` says the same.
 * @param {number} ms
 */
export function waitText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours < 1) return `${minutes}:${String(seconds % 60).padStart(2, "0")}`
  if (hours < 24) return t("wait-hours", { h: hours, m: minutes % 60 })
  return t("wait-days", { n: Math.floor(hours / 24) })
}

/**
 * @param {number} ms
 * @returns {"" | "late" | "overdue"}
 */
export function waitLevel(ms) {
  if (ms < TARGET) return ""
  return ms < 2 * TARGET ? "late" : "overdue"
}
