import { icon } from "../lib/icon.js"
import { box, clockWords, endingOf, middle, sizeWords } from "../models/media.js"

/** @import { Media } from "../models/media.js" */
/** @import { Links } from "../net/files.js" */

const SVG = "http://www.w3.org/2000/svg"
const BARS = 22
const JPEG = [0xff, 0xd8, 0xff]

/**
 * @typedef {object} MediaContext
 * @property {Links} links
 * @property {(key: string, args?: Record<string, string | number>) => string} say
 * @property {string} language
 * @property {(media: Media, button: HTMLElement) => void} open shows a picture large
 * @property {(key: string) => void} cancel stops an upload
 */

/** What stands in a place, so that progress changes it and does not make it anew. @type {WeakMap<Element, string>} */
const drawn = new WeakMap()

/** Sound that plays now: one at a time. @type {HTMLAudioElement | null} */
let playing = null

/**
 * Fills a bubble with what a message carries.
 * @param {HTMLElement} place
 * @param {Media} media
 * @param {MediaContext} by
 */
export function drawMedia(place, media, by) {
  place.dataset.media = media.going && media.kind !== "image" ? "file" : media.kind
  const { going, ...rest } = media
  const print = JSON.stringify([rest, going?.key, going && going.state !== "running" ? going.state : ""])
  if (drawn.get(place) !== print) {
    drawn.set(place, print)
    place.replaceChildren(...draw(media, by))
  }
  if (going) showProgress(place, media, by)
}

/**
 * @param {Media} media
 * @param {MediaContext} by
 * @returns {Node[]}
 */
function draw(media, by) {
  if (media.kind === "image") return picture(media, by)
  if (media.going) return [tile(media, by)]
  if (media.kind === "voice") return [voice(media, by)]
  return [tile(media, by)]
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} name class
 * @param {...(Node | string)} children
 */
function make(tag, name, ...children) {
  const element = document.createElement(tag)
  element.className = name
  element.append(...children)
  return element
}

// Pictures.

/**
 * @param {Media} media
 * @param {MediaContext} by
 */
function picture(media, by) {
  const { say } = by
  const name = media.name || say("kind-image")
  const image = document.createElement("img")
  const { width, height } = box(media.width, media.height)
  Object.assign(image, { alt: say("a11y-image", { name }), width, height, decoding: "async", draggable: false })
  const frame = make(media.going ? "span" : "button", "picture", image)
  if (frame instanceof HTMLButtonElement) {
    frame.type = "button"
    frame.setAttribute("aria-label", say("image-open", { name }))
    frame.addEventListener("click", () => by.open(media, frame))
  }
  showPicture(image, media, by)
  if (media.going) return [frame, ...(isGoing(media) ? [veil(media, by)] : [])]
  return media.href ? [frame, outward(media.href)] : [frame]
}

/**
 * The small picture first, then the large one in the same box. Pictures elsewhere are never loaded: who keeps them
 * would learn who looks.
 * @param {HTMLImageElement} image
 * @param {Media} media
 * @param {MediaContext} by
 */
async function showPicture(image, media, { links }) {
  if (media.local) {
    image.src = media.local
    return
  }
  const small = jpegOf(media.thumb)
  if (small) {
    image.src = URL.createObjectURL(small)
    image.addEventListener("load", () => fitTo(image, media), { once: true })
  }
  if (!media.file) return
  const link = await links.get(media.file)
  if (!link) return
  const large = new Image()
  large.src = link.url
  try {
    await large.decode()
  } catch {
    return // the small one stays
  }
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src)
  if (!media.width && link.width && link.height) Object.assign(image, box(link.width, link.height))
  image.src = link.url
}

/**
 * Contents of other clients do not tell the size: the small picture has the same shape.
 * @param {HTMLImageElement} image
 * @param {Media} media
 */
function fitTo(image, media) {
  if (!media.width) Object.assign(image, box(image.naturalWidth, image.naturalHeight))
}

/**
 * @param {string} base64
 * @returns {Blob | null} null when it is no JPEG
 */
export function jpegOf(base64) {
  const bytes = bytesOf(base64)
  return bytes && JPEG.every((byte, at) => bytes[at] === byte) ? new Blob([bytes], { type: "image/jpeg" }) : null
}

/** @param {string} base64 */
function bytesOf(base64) {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    return null
  }
}

/** @param {string} href */
function outward(href) {
  const link = make("a", "outward", new URL(href).host)
  link.href = href
  link.target = "_blank"
  link.rel = "noopener noreferrer nofollow ugc"
  return link
}

// Files.

/**
 * @param {Media} media
 * @param {MediaContext} by
 */
function tile(media, by) {
  const { say, language } = by
  const name = media.name || say(`kind-${media.kind}`)
  const size = media.size ? sizeWords(media.size, language) : ""
  const sheet = make("span", "file-sheet", endingOf(name))
  sheet.ariaHidden = "true"
  const title = make("bdi", "file-name", middle(name))
  if (!media.going) {
    const weight = make("span", "file-size", size)
    // The whole name is said; what is seen is shortened, and drawn by the style sheet.
    for (const part of [sheet, title, weight]) {
      part.dataset.text = part.textContent ?? ""
      part.replaceChildren()
    }
    const tile = make("a", "file", sheet, title, weight, icon("download"))
    const args = { name, size }
    tile.setAttribute("aria-label", say(size ? "a11y-download" : "a11y-download-plain", args))
    tile.title = name
    leadTo(tile, media, by)
    return tile
  }
  const tile = make("div", "file", sheet, title, make("span", "file-size"))
  if (isGoing(media)) tile.append(make("span", "file-track", make("i", "")), cancel(media, by))
  return tile
}

/**
 * @param {HTMLAnchorElement} tile
 * @param {Media} media
 * @param {MediaContext} by
 */
function leadTo(tile, { file, href }, { links }) {
  if (!file) {
    if (href) Object.assign(tile, { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" })
    else tile.role = "link"
    return
  }
  tile.href = links.now(file)?.url ?? `#${file}`
  tile.download = ""
  tile.addEventListener("click", async (event) => {
    if (links.now(file)?.url === tile.getAttribute("href")) return
    event.preventDefault()
    const link = await links.get(file)
    if (!link) return
    tile.href = link.url
    tile.click()
  })
}

// On its way.

/** @param {Media} media */
function isGoing({ going }) {
  return going?.state === "running" || going?.state === "waiting"
}

/**
 * @param {Media} media
 * @param {MediaContext} by
 */
function cancel(media, { say, cancel }) {
  const button = make("button", "cancel", icon("close"))
  button.type = "button"
  button.setAttribute("aria-label", say("a11y-cancel-upload"))
  button.addEventListener("click", () => cancel(media.going?.key ?? ""))
  return button
}

/**
 * @param {Media} media
 * @param {MediaContext} by
 */
function veil(media, by) {
  const ring = document.createElementNS(SVG, "svg")
  ring.setAttribute("class", "way-ring")
  ring.setAttribute("viewBox", "0 0 44 44")
  ring.setAttribute("aria-hidden", "true")
  for (const part of ["track", "way"]) {
    const circle = document.createElementNS(SVG, "circle")
    circle.setAttribute("class", part)
    for (const [name, value] of Object.entries({ cx: 22, cy: 22, r: 20, pathLength: 100 }))
      circle.setAttribute(name, String(value))
    ring.append(circle)
  }
  return make("span", "veil", ring, cancel(media, by))
}

/**
 * @param {HTMLElement} place
 * @param {Media} media
 * @param {MediaContext} by
 */
function showProgress(place, media, { say, language }) {
  const { going, size, name } = media
  if (!going) return
  const percent = size ? Math.round((100 * going.done) / size) : 0
  const bar = /** @type {HTMLElement | null} */ (place.querySelector(".veil, .file-track"))
  if (bar) {
    bar.role = "progressbar"
    bar.ariaLabel = say("a11y-uploading", { name })
    bar.ariaValueNow = String(percent)
    bar.ariaValueMin = "0"
    bar.ariaValueMax = "100"
    bar.style.setProperty("--done", String(percent))
  }
  const words = place.querySelector(".file-size")
  if (!words) return
  const sum = sizeWords(size, language)
  const text =
    going.state === "running" ? say("file-progress", { done: sizeWords(going.done, language), size: sum }) : sum
  if (words.textContent !== text) words.textContent = text
}

// Sound.

/**
 * @param {Media} media
 * @param {MediaContext} by
 */
function voice(media, by) {
  const { say } = by
  const group = make("div", "voice")
  group.role = "group"
  const length = say("voice-name", { n: Math.round(media.seconds) })
  if (!media.file) {
    group.ariaLabel = length
    group.append(...unplayable(media, by))
    return group
  }
  const button = make("button", "play", icon("play"))
  const bars = make("span", "bars", ...Array.from({ length: BARS }, (_, at) => bar(media.file ?? "", at)))
  const place = make("input", "place")
  const time = make("span", "voice-time", clockWords(media.seconds))
  const fresh = make("span", "unplayed")
  bars.ariaHidden = "true"
  Object.assign(place, { type: "range", min: "0", max: String(Math.max(1, media.seconds)), step: "1", value: "0" })
  place.ariaLabel = say("a11y-position")
  button.type = "button"
  button.setAttribute("aria-label", say("voice-play"))
  group.ariaLabel = `${length}, ${say("voice-unplayed")}`
  group.append(button, make("span", "wave", bars, place), time, fresh)
  const player = new Player(media, by, { button, bars, place, time })
  button.addEventListener("click", () => {
    fresh.remove()
    group.ariaLabel = length
    player.toggle()
  })
  place.addEventListener("input", () => player.seek(Number(place.value)))
  return group
}

/**
 * Heights that look like speech and are the same every time.
 * @param {string} seed
 * @param {number} at
 */
function bar(seed, at) {
  const bar = document.createElement("i")
  const noise = (seed.charCodeAt(1 + (at % (seed.length - 1))) * (at + 3)) % 21
  bar.style.blockSize = `${5 + noise}px`
  return bar
}

/**
 * An old format that no browser plays: it can be saved.
 * @param {Media} media
 * @param {MediaContext} by
 * @returns {Node[]}
 */
function unplayable(media, { say }) {
  const words = make("span", "voice-words", say("voice-name", { n: Math.round(media.seconds) }))
  const note = make("span", "voice-note", say("voice-unplayable"))
  const bytes = media.inline ? bytesOf(media.inline) : null
  if (!bytes) return [words, note]
  const save = make("a", "voice-save", icon("download"))
  save.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }))
  save.download = "voice.amr"
  save.setAttribute("aria-label", say("file-download"))
  return [words, note, save]
}

/** Plays one voice message. */
class Player {
  /** @type {HTMLAudioElement | null} */
  #audio = null

  /**
   * @param {Media} media
   * @param {MediaContext} by
   * @param {{ button: HTMLButtonElement, bars: HTMLElement, place: HTMLInputElement, time: HTMLElement }} parts
   */
  constructor(media, by, parts) {
    this.media = media
    this.by = by
    this.parts = parts
  }

  async toggle() {
    const audio = (this.#audio ??= await this.#load())
    if (!audio) return
    if (!audio.paused) return audio.pause()
    if (playing !== audio) playing?.pause()
    playing = audio
    audio.play().catch(() => this.#show(false))
  }

  /** @param {number} seconds */
  seek(seconds) {
    if (this.#audio) this.#audio.currentTime = seconds
  }

  async #load() {
    const link = this.media.file ? await this.by.links.get(this.media.file) : null
    if (!link) return null
    const audio = new Audio(link.url)
    audio.addEventListener("play", () => this.#show(true))
    audio.addEventListener("pause", () => this.#show(false))
    audio.addEventListener("timeupdate", () => this.#move(audio.currentTime))
    audio.addEventListener("ended", () => this.#move(0))
    return audio
  }

  /** @param {boolean} on */
  #show(on) {
    const { button } = this.parts
    button.setAttribute("aria-label", this.by.say(on ? "voice-pause" : "voice-play"))
    button.querySelector("use")?.setAttribute("href", on ? "#i-pause" : "#i-play")
  }

  /** @param {number} seconds */
  #move(seconds) {
    const { bars, place, time } = this.parts
    const whole = Math.max(1, this.media.seconds)
    place.value = String(Math.round(seconds))
    place.ariaValueText = clockWords(seconds)
    time.textContent = clockWords(seconds || this.media.seconds)
    const played = Math.round((BARS * seconds) / whole)
    for (const [at, bar] of [...bars.children].entries()) bar.toggleAttribute("data-played", at < played)
  }
}
