import { icon } from "../lib/icon.js"
import { jpegOf } from "../views/media.js"
import css from "./panel.css"

/** @import { Media } from "../models/media.js" */
/** @import { Links } from "../net/files.js" */

const MOST_ZOOM = 4

/**
 * @typedef {object} Shown
 * @property {Media} media
 * @property {string} who
 * @property {string} when
 *
 * @typedef {object} Wishes
 * @property {Shown[]} pictures of the conversation, oldest first
 * @property {number} at which is shown first
 * @property {Links} links
 * @property {(key: string, args?: Record<string, string | number>) => string} say
 * @property {HTMLElement} opener gets the focus back
 */

/** Shows pictures large, over everything. @param {Wishes} wishes */
export function openLightbox(wishes) {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  const box = new Lightbox(wishes)
  box.dialog.addEventListener("close", () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet)
  })
}

class Lightbox {
  #at
  #zoom = 1
  /** @type {string[]} */
  #made = []

  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.wishes = wishes
    this.#at = wishes.at
    const { say, opener } = wishes
    this.who = made("p", "lightbox-who")
    this.when = made("p", "lightbox-when")
    this.save = /** @type {HTMLAnchorElement} */ (made("a", "lightbox-button", icon("download")))
    this.save.ariaLabel = say("file-download")
    const close = made("button", "lightbox-button", icon("close"))
    close.ariaLabel = say("a11y-close")
    this.stage = made("div", "lightbox-stage")
    this.strip = made("div", "lightbox-strip")
    const head = made("div", "lightbox-head", made("div", "lightbox-words", this.who, this.when), this.save, close)
    this.dialog = made("dialog", "lightbox", head, this.stage, this.strip)
    close.addEventListener("click", () => this.dialog.close())
    this.stage.addEventListener("dblclick", () => this.#zoomTo(this.#zoom > 1 ? 1 : 2))
    this.dialog.addEventListener("keydown", (event) => this.#key(event))
    this.dialog.addEventListener("close", () => {
      this.dialog.remove()
      for (const address of this.#made) URL.revokeObjectURL(address)
      opener.focus()
    })
    if (wishes.pictures.length > 1) this.strip.append(...wishes.pictures.map((_, at) => this.#thumb(at)))
    document.body.append(this.dialog)
    this.dialog.showModal()
    close.focus()
    this.#show(this.#at)
  }

  /** @param {number} at */
  async #show(at) {
    const shown = this.wishes.pictures[at]
    if (!shown) return
    this.#at = at
    const { media, who, when } = shown
    const { say, links } = this.wishes
    const name = media.name || say("kind-image")
    this.dialog.ariaLabel = say("a11y-image", { name })
    this.who.textContent = who
    this.when.textContent = media.name ? `${when} · ${media.name}` : when
    this.#zoomTo(1)
    for (const [index, thumb] of [...this.strip.children].entries()) mark(thumb, index === at)
    const image = /** @type {HTMLImageElement} */ (made("img", ""))
    image.alt = say("a11y-image", { name })
    const small = this.#small(media)
    if (small) image.src = small
    this.stage.replaceChildren(image)
    this.save.hidden = true
    const link = media.file ? await links.get(media.file) : null
    if (this.#at !== at) return
    if (link) {
      image.src = link.url
      Object.assign(this.save, { href: link.url, download: link.name, hidden: false })
    } else if (media.href) {
      Object.assign(this.save, {
        href: media.href,
        target: "_blank",
        rel: "noopener noreferrer nofollow ugc",
        hidden: false,
      })
    } else if (!small) {
      this.stage.replaceChildren(made("p", "lightbox-gone", say("file-gone")))
    }
  }

  /** @param {Media} media */
  #small({ local, thumb }) {
    if (local) return local
    const jpeg = jpegOf(thumb)
    if (!jpeg) return ""
    const address = URL.createObjectURL(jpeg)
    this.#made.push(address)
    return address
  }

  /** @param {number} at */
  #thumb(at) {
    const { media } = /** @type {Shown} */ (this.wishes.pictures[at])
    const button = made("button", "lightbox-thumb")
    const name = media.name || this.wishes.say("kind-image")
    button.ariaLabel = this.wishes.say("image-open", { name })
    const small = this.#small(media)
    if (small) {
      const image = /** @type {HTMLImageElement} */ (made("img", ""))
      Object.assign(image, { src: small, alt: "" })
      button.append(image)
    }
    button.addEventListener("click", () => this.#show(at))
    return button
  }

  /** @param {number} zoom */
  #zoomTo(zoom) {
    this.#zoom = Math.min(MOST_ZOOM, Math.max(1, zoom))
    this.stage.toggleAttribute("data-zoomed", this.#zoom > 1)
    this.stage.style.setProperty("--zoom", String(this.#zoom))
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    event.stopPropagation() // Escape closes this, not the chat
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step && this.#zoom === 1) this.#show(this.#at + step)
    else if (event.key === "+" || event.key === "=") this.#zoomTo(this.#zoom + 1)
    else if (event.key === "-") this.#zoomTo(this.#zoom - 1)
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} name class
 * @param {...(Node | string)} children
 */
function made(tag, name, ...children) {
  const element = document.createElement(tag)
  element.className = name
  element.append(...children)
  if (element instanceof HTMLButtonElement) element.type = "button"
  return element
}

/**
 * @param {Element} thumb
 * @param {boolean} current
 */
function mark(thumb, current) {
  if (current) thumb.setAttribute("aria-current", "true")
  else thumb.removeAttribute("aria-current")
}
