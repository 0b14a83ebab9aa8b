import { randomId } from "../lib/ids.js"

/** @import { Uploaded } from "./media.js" */
/** @import { Target } from "./outbox.js" */

const AT_ONCE = 2
const REMEMBERED = 50

/**
 * @typedef {object} Job a file on its way
 * @property {string} key the id its message will have
 * @property {File} file
 * @property {Target} to
 * @property {number} at
 * @property {"waiting" | "running" | "there" | "failed" | "refused"} state
 * @property {number} done bytes
 * @property {string} reason the code of the refusal
 * @property {string} local a `blob:` address of a picture; empty for other files
 * @property {number} width
 * @property {number} height
 * @property {number} seconds of sound
 *
 * @typedef {object} UploadEvents
 * @property {(job: Job, progress: (done: number) => void, signal: AbortSignal) => Promise<Uploaded>} send
 *   rejects with `{ code, temporary }`
 * @property {() => boolean} ready whether the line stands
 * @property {(job: Job, uploaded: Uploaded) => void} taken the server has it: now it can be said
 * @property {() => void} changed
 *
 * @typedef {{ show: (file: File) => string, forget: (address: string) => void, now?: () => number, id?: () => string }} Browser
 */

/**
 * Files on their way to the server: two at a time, in order, again when somebody asks for it. A file that did not arrive
 * is never spoken of. They live as long as the page does.
 */
export class Uploads {
  /** @type {Map<string, Job>} */
  #jobs = new Map()
  /** @type {Map<string, AbortController>} */
  #running = new Map()
  /** Answers that wait for those before them. @type {Map<string, Uploaded>} */
  #there = new Map()
  /** Own copies of pictures that were sent, by the id of their message. @type {Map<string, string>} */
  #locals = new Map()

  /**
   * @param {UploadEvents} events
   * @param {Browser} browser
   */
  constructor(events, { show, forget, now = Date.now, id = randomId }) {
    this.events = events
    this.show = show
    this.forget = forget
    this.now = now
    this.id = id
  }

  /** @returns {Job[]} in the order of adding */
  get jobs() {
    return [...this.#jobs.values()]
  }

  /**
   * @param {File} file
   * @param {Target} to
   * @param {{ local?: string, width?: number, height?: number, seconds?: number }} [picture]
   * @returns {Job}
   */
  add(file, to, { local = "", width = 0, height = 0, seconds = 0 } = {}) {
    const key = this.id()
    /** @type {Job} */
    const job = { key, file, to, at: this.now(), state: "waiting", done: 0, reason: "", local, width, height, seconds }
    this.#jobs.set(key, job)
    this.pump()
    return job
  }

  /** @param {string | null | undefined} key @returns {string | undefined} the own copy of a picture */
  local(key) {
    return key ? this.#locals.get(key) : undefined
  }

  /** @param {string} key */
  has(key) {
    return this.#jobs.has(key)
  }

  /** @param {string} key */
  retry(key) {
    const job = this.#jobs.get(key)
    if (job?.state !== "failed") return
    Object.assign(job, { state: "waiting", done: 0, reason: "", at: this.now() })
    this.pump()
  }

  /** Stops it, if it runs, and forgets it. @param {string} key */
  discard(key) {
    const job = this.#jobs.get(key)
    this.#jobs.delete(key)
    this.#there.delete(key)
    this.#running.get(key)?.abort()
    if (job?.local) this.forget(job.local)
    this.#release()
    this.events.changed()
  }

  /** Call when the line stands. */
  pump() {
    for (const job of this.jobs) {
      if (this.#running.size >= AT_ONCE || !this.events.ready()) break
      if (job.state === "waiting") this.#run(job)
    }
    this.events.changed()
  }

  /** @param {Job} job */
  async #run(job) {
    const stop = new AbortController()
    this.#running.set(job.key, stop)
    job.state = "running"
    const progress = (/** @type {number} */ done) => {
      job.done = Math.min(done, job.file.size)
      this.events.changed()
    }
    try {
      const uploaded = await this.events.send(job, progress, stop.signal)
      this.#running.delete(job.key)
      if (this.#jobs.has(job.key)) {
        job.state = "there"
        this.#there.set(job.key, uploaded)
      }
    } catch (error) {
      this.#running.delete(job.key)
      const { code = "", temporary = true } = /** @type {{ code?: string, temporary?: boolean }} */ (error ?? {})
      Object.assign(job, { state: temporary ? "failed" : "refused", reason: code })
    }
    this.#release()
    this.pump()
  }

  /** What arrived is spoken of in the order in which it was chosen; what failed holds nobody up. */
  #release() {
    for (const job of this.jobs) {
      if (job.state === "waiting" || job.state === "running") break
      const uploaded = this.#there.get(job.key)
      if (!uploaded) continue
      this.#there.delete(job.key)
      this.#jobs.delete(job.key)
      this.#taken(job, uploaded)
    }
  }

  /**
   * @param {Job} job
   * @param {Uploaded} uploaded
   */
  #taken(job, uploaded) {
    if (job.local) this.#locals.set(job.key, job.local)
    for (const [key, address] of this.#locals) {
      if (this.#locals.size <= REMEMBERED) break
      this.#locals.delete(key)
      this.forget(address)
    }
    this.events.taken(job, uploaded)
  }
}
