/** @import { Uploaded } from "../models/media.js" */

/** A link is used no longer than this: its life on the server is ten minutes. */
const FRESH_MS = 9 * 60_000
const MOST = 50

/**
 * @typedef {{ file: string, url: string, name: string, size: number, width?: number, height?: number }} Link
 */

/** Exchanges files for links, many at once, and remembers them while they work. */
export class Links {
  /** @type {Map<string, { link: Link, until: number }>} */
  #known = new Map()
  /** @type {Map<string, ((link: Link | null) => void)[]>} */
  #wanted = new Map()
  #asking = false

  /** @param {(files: string[]) => Promise<{ links: Link[] }>} ask rejects while there is no line */
  constructor(ask) {
    this.ask = ask
  }

  /**
   * @param {string} file
   * @returns {Link | undefined} when it is known now
   */
  now(file) {
    const known = this.#known.get(file)
    return known && known.until > Date.now() ? known.link : undefined
  }

  /**
   * @param {string} file
   * @returns {Promise<Link | null>} null when nobody may see it any more; waits for the line
   */
  get(file) {
    const link = this.now(file)
    if (link) return Promise.resolve(link)
    return new Promise((resolve) => {
      this.#wanted.set(file, [...(this.#wanted.get(file) ?? []), resolve])
      queueMicrotask(() => this.pump())
    })
  }

  /** Call when the line stands. */
  async pump() {
    if (this.#asking || this.#wanted.size === 0) return
    this.#asking = true
    const files = [...this.#wanted.keys()].slice(0, MOST)
    try {
      const { links } = await this.ask(files)
      for (const link of links) this.#known.set(link.file, { link, until: Date.now() + FRESH_MS })
      for (const file of files) {
        const found = links.find((link) => link.file === file) ?? null
        for (const resolve of this.#wanted.get(file) ?? []) resolve(found)
        this.#wanted.delete(file)
      }
    } catch {
      return // the next welcome pumps again
    } finally {
      this.#asking = false
    }
    if (this.#wanted.size > 0) this.pump()
  }
}

/** Halves of characters cannot travel. @param {File} file */
function nameOf({ name }) {
  return [...name.replace(/\p{Surrogate}/gu, "_")].slice(0, 200).join("")
}

/** Why an upload did not work. Without a code the line broke. */
export class UploadError extends Error {
  /**
   * @param {string} code
   * @param {boolean} temporary
   */
  constructor(code, temporary) {
    super(code)
    this.name = "UploadError"
    this.code = code
    this.temporary = temporary
  }
}

/**
 * @param {File} file
 * @param {Record<string, string>} headers who sends it, where to
 * @param {(done: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<Uploaded>} rejects with an `UploadError`
 */
export function upload(file, headers, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("POST", "/files")
    request.responseType = "json"
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream")
    request.setRequestHeader("X-File-Name", encodeURIComponent(nameOf(file)))
    request.upload.addEventListener("progress", ({ loaded }) => progress(loaded))
    request.addEventListener("load", () => {
      if (request.status === 201) return resolve(request.response)
      const error = request.response?.error
      reject(new UploadError(error?.code ?? "", error?.temporary ?? true))
    })
    for (const end of ["error", "abort", "timeout"])
      request.addEventListener(end, () => reject(new UploadError("", true)))
    signal.addEventListener("abort", () => request.abort())
    request.send(file)
  })
}
