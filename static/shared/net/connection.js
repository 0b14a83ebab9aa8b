import { Backoff } from "./backoff.js"
import { openPoll } from "./poll.js"
import { afterClose, CommandError, lost, readFrame, VERSION } from "./protocol.js"
import { openSocket } from "./socket.js"

/** @import { As, EndReason, Push, Since, State, Welcome } from "./protocol.js" */
/** @import { Line } from "./socket.js" */

const REPLY_MS = 15_000
const HELLO_MS = 10_000
const PING_MS = 5_000
const STEADY_MS = 5_000
const SOCKET_TRIES = 2
const POLL_MEMORY = "parlor.poll"

/**
 * @typedef {object} Options
 * @property {As} as
 * @property {string} [site] visitors only
 * @property {string} [token] without it the server's cookie counts
 * @property {string} [base] address of the server; the page's own by default
 * @property {boolean} [whileHidden] come back also while the page is hidden (agents must hear the bell)
 * @property {() => Since[]} [since] what we have already
 * @property {(state: State, reason?: EndReason) => void} [onState]
 * @property {(welcome: Welcome) => void} [onWelcome] before `live` is told
 * @property {(push: Push) => void} [onPush]
 */

/**
 * Keeps one line to the server: says hello, answers every command once, comes back after every loss.
 * Knows no conversation; what to resume is asked of `since`.
 */
export class Connection {
  /** @type {State} */
  #state = "waiting"
  /** @type {EndReason | undefined} */
  #reason
  /** @type {Line | null} */
  #line = null
  /** @type {Map<number, { resolve: (ok: any) => void, reject: (error: CommandError) => void, timer: ReturnType<typeof setTimeout> }>} */
  #asked = new Map()
  /** Pushes that came in one breath with the welcome. @type {Push[]} */
  #early = []
  #lastId = 0
  #backoff = new Backoff()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #steady
  #socketFailures = 0
  #polling = recall()
  /** @type {AbortController | null} */
  #listening = null

  /** When the next try is due (milliseconds since 1970); null when something else must happen first. @type {number | null} */
  retryAt = null
  /** Since when the line is down (milliseconds since 1970); null while it is up. @type {number | null} */
  downSince = null

  /** @param {Options} options */
  constructor(options) {
    this.options = options
  }

  /** @returns {State} */
  get state() {
    return this.#state
  }

  /** @returns {EndReason | undefined} why it ended; undefined before that */
  get reason() {
    return this.#reason
  }

  start() {
    if (this.#listening) return
    this.#listening = new AbortController()
    this.#watchPage(this.#listening.signal)
    this.#open()
  }

  /** Ends for good, until `start`. */
  stop() {
    this.#end("stopped")
  }

  /** Tries at once, because the person asked or the world changed. Brings an ended connection back too. */
  retry() {
    if (this.#state === "live" || this.#state === "connecting") return
    if (!this.#listening) return this.start()
    this.#backoff.reset()
    this.#open()
  }

  /**
   * Asks the server. Settles exactly once: with the answer, its error, or `lost` when the line broke first.
   * @param {string} cmd
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  command(cmd, body = {}) {
    if (this.#state !== "live") return Promise.reject(lost())
    return this.#ask(cmd, body, REPLY_MS)
  }

  #open() {
    clearTimeout(this.#timer)
    this.#drop()
    this.retryAt = null
    this.downSince ??= Date.now()
    this.#to("connecting")
    const events = {
      opened: () => this.#hello(),
      frame: (/** @type {string} */ text) => this.#hear(text),
      closed: (/** @type {number} */ code) => {
        this.#line = null
        this.#lose(code)
      },
    }
    this.#line = this.#polling
      ? openPoll(new URL("/poll", this.#base).href, events)
      : openSocket(this.#socketUrl, events)
    // A proxy may swallow the upgrade without a word.
    this.#timer = setTimeout(() => this.#lose(1006), HELLO_MS)
  }

  get #base() {
    return new URL(this.options.base ?? "/", location.href)
  }

  get #socketUrl() {
    const url = new URL("/ws", this.#base)
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
    return url.href
  }

  /** Two sockets without a welcome: try long-poll. Not there either: back to sockets. */
  #failed() {
    if (this.#polling) {
      this.#polling = false
      this.#socketFailures = 0
    } else if (++this.#socketFailures >= SOCKET_TRIES) {
      this.#polling = true
    }
  }

  async #hello() {
    const { as, site, token, since } = this.options
    const body = { v: VERSION, as, site, token, since: since?.() ?? [] }
    let welcome
    try {
      welcome = await this.#ask("hello", body, HELLO_MS)
    } catch (error) {
      if (error instanceof CommandError && !error.lost) this.#refused(error)
      return
    }
    this.#welcome(welcome)
  }

  /** @param {CommandError} error */
  #refused({ code, temporary }) {
    if (code === "unauthorized") this.#end("expired")
    else if (temporary) this.#lose(1013)
    else this.#end("forbidden")
  }

  /** @param {Welcome} welcome */
  #welcome(welcome) {
    clearTimeout(this.#timer)
    this.downSince = null
    this.#socketFailures = 0
    if (this.#polling && !recall()) this.#probe()
    // Only a line that holds forgives earlier failures; one that breaks at once must not be retried in a hurry.
    this.#steady = setTimeout(() => this.#backoff.reset(), STEADY_MS)
    this.options.onWelcome?.(welcome)
    this.#to("live")
    for (const push of this.#early.splice(0)) this.options.onPush?.(push)
  }

  /** Long-poll works, but is it needed? A socket that opens now says that the server was merely away for a while. */
  #probe() {
    const ended = () => clearTimeout(this.#probing)
    const refused = () => {
      ended()
      if (this.#state === "live" && this.#polling) remember()
    }
    const probe = openSocket(this.#socketUrl, {
      opened: () => {
        ended()
        probe.close()
        if (this.#state !== "live" || !this.#polling) return
        this.#polling = false
        this.#open()
      },
      frame: () => {},
      closed: refused,
    })
    this.#probing = setTimeout(() => {
      probe.close()
      refused()
    }, HELLO_MS)
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #probing

  /** @param {string} text */
  #hear(text) {
    const frame = readFrame(text)
    if (!frame) return
    if ("push" in frame) {
      if (this.#state === "live") this.options.onPush?.(frame)
      else this.#early.push(frame)
      return
    }
    const { id, ok, error } = frame
    const asked = id === null ? undefined : this.#asked.get(id)
    if (!asked || id === null) return
    this.#asked.delete(id)
    clearTimeout(asked.timer)
    if (error) asked.reject(new CommandError(error))
    else asked.resolve(ok)
  }

  /**
   * @param {string} cmd
   * @param {object} body
   * @param {number} deadlineMs
   * @returns {Promise<any>}
   */
  #ask(cmd, body, deadlineMs) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      // Every command is answered; one that is not means that the line is dead.
      const timer = setTimeout(() => this.#lose(1006), deadlineMs)
      this.#asked.set(id, { resolve, reject, timer })
      this.#line?.send(JSON.stringify({ id, cmd, body }))
    })
  }

  /** @param {number} code */
  #lose(code) {
    if (this.#state === "ended") return
    const next = afterClose(code)
    if (next !== "soon" && next !== "back-off") return this.#end(next)
    if (this.#state === "connecting" && code === 1006) this.#failed()
    this.#drop()
    this.downSince ??= Date.now()
    this.#wait(next === "soon" ? this.#backoff.soon() : this.#backoff.next())
  }

  /** @param {number} delayMs */
  #wait(delayMs) {
    clearTimeout(this.#timer)
    const asleep = document.visibilityState === "hidden" && !this.options.whileHidden
    this.retryAt = asleep ? null : Date.now() + delayMs
    if (!asleep) this.#timer = setTimeout(() => this.#open(), delayMs)
    this.#to("waiting")
  }

  /** @param {EndReason} reason */
  #end(reason) {
    clearTimeout(this.#timer)
    this.#listening?.abort()
    this.#listening = null
    this.#drop()
    this.retryAt = null
    this.#reason = reason
    this.#to("ended")
  }

  /** Lets go of the line; whoever still waits for an answer learns that it is unknown. */
  #drop() {
    clearTimeout(this.#steady)
    this.#line?.close()
    this.#line = null
    this.#early = []
    const asked = [...this.#asked.values()]
    this.#asked.clear()
    for (const { reject, timer } of asked) {
      clearTimeout(timer)
      reject(lost())
    }
  }

  /** @param {State} state */
  #to(state) {
    if (state !== "ended") this.#reason = undefined
    if (state === this.#state && state !== "waiting") return
    this.#state = state
    this.options.onState?.(state, this.#reason)
  }

  /** @param {AbortSignal} signal */
  #watchPage(signal) {
    const wake = () => this.#wake()
    addEventListener("online", wake, { signal })
    addEventListener("offline", wake, { signal })
    addEventListener("pageshow", (event) => event.persisted && this.retry(), { signal })
    // A page with an open socket cannot be kept for Back; it resumes by position.
    addEventListener("pagehide", (event) => event.persisted && this.#pause(), { signal })
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake(), { signal })
  }

  #pause() {
    clearTimeout(this.#timer)
    this.#drop()
    this.retryAt = null
    this.downSince ??= Date.now()
    this.#to("waiting")
  }

  /** After sleep or a change of network: is the line still there? */
  async #wake() {
    if (this.#state === "waiting") {
      if (navigator.onLine) this.retry()
      // Without a network one try per step of the back-off is enough; the browser may be wrong about it.
      else if (this.retryAt === null) this.#wait(this.#backoff.next())
      return
    }
    if (this.#state !== "live") return
    try {
      await this.#ask("ping", {}, PING_MS)
    } catch (error) {
      // `lost` has already put us on the way back; do not wait for the back-off.
      if (error instanceof CommandError && error.lost && navigator.onLine) this.retry()
    }
  }
}

/** @returns {boolean} whether long-poll was what worked in this session */
function recall() {
  try {
    return sessionStorage.getItem(POLL_MEMORY) === "1"
  } catch {
    return false
  }
}

function remember() {
  try {
    sessionStorage.setItem(POLL_MEMORY, "1")
  } catch {
    // Storage is refused here; the next page finds out again.
  }
}
