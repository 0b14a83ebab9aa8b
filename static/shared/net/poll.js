/** @import { Line, LineEvents } from "./socket.js" */

/** @typedef {{ poll?: string, frames?: unknown[], next?: number, closed?: number }} Answer */

const HEADERS = { "Content-Type": "application/json" }

/**
 * The same frames over plain requests. At most two at once: one carries commands, one waits for pushes.
 * Any failed request ends the line; the connection above comes back and resumes by position.
 *
 * @param {string} url where polls begin; one poll lives below it
 * @param {LineEvents} events
 * @param {typeof fetch} [request]
 * @returns {Line}
 */
export function openPoll(url, events, request = fetch.bind(globalThis)) {
  return new Poll(url, events, request)
}

/** @implements {Line} */
class Poll {
  #next = 0
  #address = ""
  /** @type {string[]} */
  #outbox = []
  #carrying = false
  #stop = new AbortController()

  /**
   * @param {string} url
   * @param {LineEvents} events
   * @param {typeof fetch} request
   */
  constructor(url, events, request) {
    this.url = url
    this.events = events
    this.request = request
    queueMicrotask(() => this.#stop.signal.aborted || events.opened())
  }

  /** @param {string} text */
  send(text) {
    this.#outbox.push(text)
    if (!this.#carrying) {
      this.#carrying = true
      queueMicrotask(() => this.#carry())
    }
  }

  close() {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    if (this.#address) this.#farewell()
  }

  /** Commands go out in their order, one request at a time; what gathers meanwhile rides with the next. */
  async #carry() {
    while (this.#outbox.length > 0) {
      const frames = this.#outbox.splice(0)
      const first = !this.#address
      const body = first ? `{"frames":[${frames}]}` : `{"ack":${this.#next},"frames":[${frames}]}`
      const answer = await this.#ask(first ? this.url : this.#address, body)
      if (!answer) return
      if (first && answer.poll) {
        this.#address = `${this.url}/${answer.poll}`
        this.#listen()
      }
    }
    this.#carrying = false
  }

  async #listen() {
    while (await this.#ask(this.#address, `{"ack":${this.#next}}`)) {
      // The answer was taken in; ask again.
    }
  }

  /**
   * @param {string} address
   * @param {string} body
   * @returns {Promise<Answer | null>} null when the line is over
   */
  async #ask(address, body) {
    try {
      const { signal } = this.#stop
      const response = await this.request(address, {
        method: "POST",
        headers: HEADERS,
        body,
        signal,
        credentials: "same-origin",
      })
      const answer = /** @type {Answer} */ (await response.json())
      if (signal.aborted) return null
      if (typeof answer.closed === "number" || !response.ok) {
        this.#over(answer.closed ?? (response.status === 401 ? 4401 : 1006))
        return null
      }
      this.#take(answer)
      return answer
    } catch {
      this.#over(1006)
      return null
    }
  }

  /**
   * Two answers may carry the same frames: each is counted, so each is heard once and none is skipped.
   * @param {Answer} answer
   */
  #take({ frames = [], next = this.#next }) {
    const skip = this.#next - (next - frames.length)
    if (skip < 0) return // a hole: the next request asks for these again
    this.#next = Math.max(this.#next, next)
    for (const frame of frames.slice(skip)) this.events.frame(JSON.stringify(frame))
  }

  /** @param {number} code */
  #over(code) {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    this.events.closed(code)
  }

  #farewell() {
    const body = `{"ack":${this.#next},"close":true}`
    this.request(this.#address, { method: "POST", headers: HEADERS, body, keepalive: true }).catch(() => {})
  }
}
