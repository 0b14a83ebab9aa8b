/** @import { Job } from "../../shared/models/uploads.js" */

/**
 * What is said about files once they are there.
 * @template T
 */
export class Captions {
  /** @type {{ keys: string[], words: T }[]} */
  #waiting = []

  /**
   * @param {string[]} keys of the files
   * @param {T} words
   */
  add(keys, words) {
    this.#waiting.push({ keys, words })
  }

  /**
   * Takes those whose files are no longer on their way.
   * @param {Job[]} jobs
   * @returns {T[]}
   */
  take(jobs) {
    const going = new Set(jobs.filter(isGoing).map(({ key }) => key))
    const ready = this.#waiting.filter(({ keys }) => !keys.some((key) => going.has(key)))
    this.#waiting = this.#waiting.filter((caption) => !ready.includes(caption))
    return ready.map(({ words }) => words)
  }
}

/** @param {Job} job */
function isGoing({ state }) {
  return state === "waiting" || state === "running" || state === "there"
}
