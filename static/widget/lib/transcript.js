import { noteOf, spokenOf } from "../models/rows.js"

/** @import { Message } from "../../shared/net/protocol.js" */
/** @import { Voice } from "./voice.js" */

/**
 * A conversation as plain text, to keep.
 * @param {readonly Message[]} messages
 * @param {Voice} voice
 * @param {string} me
 * @param {number} now
 */
export function transcript(messages, voice, me, now) {
  const { strings, times, siteName } = voice
  let day = ""
  const lines = messages.flatMap((message) => {
    const today = times.day(message.at, now)
    const heading = today === day ? [] : ["", today]
    day = today
    const text = message.from.role === "system" ? null : spokenOf(message, strings)
    const name = message.from.id === me ? strings.get("msg-you") : message.from.name
    return [...heading, `${times.clock(message.at)}  ${text === null ? noteOf(message, voice) : `${name}: ${text}`}`]
  })
  return `${siteName}\n${lines.join("\n")}\n`
}

/**
 * @param {string} text
 * @param {string} name
 */
export function download(text, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
