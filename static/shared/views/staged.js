import { lookAt } from "../lib/picture.js"
import { endingOf, sizeWords } from "../models/media.js"

/** @typedef {{ file: File, local: string, width: number, height: number, seconds: number }} StagedFile */

/**
 * @typedef {object} StagingContext
 * @property {(key: string, args?: Record<string, string | number>) => string} say
 * @property {string} language
 * @property {{ image: number, file: number }} limits bytes
 * @property {(words: string) => void} refused
 * @property {() => void} changed
 */

const MOST = 10

/** Files that were chosen, pasted or dropped and are not sent yet. What cannot be sent is said at once. */
export class Staging {
  /** @type {StagedFile[]} */
  #files = []

  /**
   * @param {HTMLElement} list
   * @param {StagingContext} by
   */
  constructor(list, by) {
    this.list = list
    this.by = by
  }

  /** @returns {boolean} */
  get isEmpty() {
    return this.#files.length === 0
  }

  /** @returns {StagedFile[]} and forgets them: they are on their way */
  take() {
    const files = this.#files
    this.#files = []
    this.#draw()
    return files
  }

  /** @param {File[]} files */
  async add(files) {
    for (const file of files) {
      const problem = this.#problem(file)
      if (problem) {
        this.by.refused(`${file.name}: ${problem}`)
        continue
      }
      const staged = { file, ...(await lookAt(file)) }
      if (this.#files.length < MOST) this.#files.push(staged)
    }
    this.#draw()
    this.by.changed()
  }

  /** @param {File} file */
  #problem(file) {
    const { say, limits, language } = this.by
    if (file.size === 0) return say("file-empty")
    const most = file.type.startsWith("image/") ? limits.image : limits.file
    return file.size > most ? say("file-too-large", { size: sizeWords(most, language) }) : ""
  }

  #draw() {
    this.list.hidden = this.isEmpty
    this.list.replaceChildren(...this.#files.map((staged) => this.#item(staged)))
  }

  /** @param {StagedFile} staged */
  #item(staged) {
    const { name } = staged.file
    const item = document.createElement("li")
    item.className = "staged-file"
    item.title = name
    if (staged.local) {
      const image = document.createElement("img")
      Object.assign(image, { src: staged.local, alt: name })
      item.append(image)
    } else {
      const [ending, words] = [document.createElement("b"), document.createElement("bdi")]
      ending.textContent = endingOf(name)
      words.textContent = name
      item.append(ending, words)
    }
    const remove = document.createElement("button")
    remove.type = "button"
    remove.className = "staged-remove"
    remove.textContent = "×"
    remove.setAttribute("aria-label", this.by.say("a11y-remove", { name }))
    remove.addEventListener("click", () => {
      this.#files = this.#files.filter((other) => other !== staged)
      if (staged.local) URL.revokeObjectURL(staged.local)
      this.#draw()
      this.by.changed()
    })
    item.append(remove)
    return item
  }
}
