/**
 * Links, e-mail addresses and phone numbers in plain text, as nodes. The text itself is never parsed as HTML.
 * Only http, https, mailto and tel come out (B4).
 */

const PATTERN =
  /(?<url>(?:https?:\/\/|www\.)[^\s<>"'`\u3000-\u303f\uff00-\uffef]+)|(?<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?<tel>(?<![\w+.-])\+[\d][\d ()./-]{6,18}\d(?!\w))/giu
const TRAILING = /[.,:;!?'"»”’…]+$/u
const PAIRS = /** @type {const} */ ([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
])

/**
 * @typedef {{ text: string, href?: string }} Piece
 *
 * @param {string} text
 * @returns {Piece[]} the whole text in pieces
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = []
  let from = 0
  for (const match of text.matchAll(PATTERN)) {
    const link = toLink(match)
    if (!link) continue
    if (match.index > from) found.push({ text: text.slice(from, match.index) })
    found.push({ text: link.label, href: link.href })
    from = match.index + link.length
  }
  if (from < text.length || found.length === 0) found.push({ text: text.slice(from) })
  return found
}

/**
 * @param {string} text
 * @param {Document} [into]
 * @returns {DocumentFragment}
 */
export function linkify(text, into = document) {
  const fragment = into.createDocumentFragment()
  for (const piece of pieces(text)) fragment.append(piece.href ? anchor(piece.text, piece.href, into) : piece.text)
  return fragment
}

/**
 * @param {string} label
 * @param {string} href
 * @param {Document} into
 */
function anchor(label, href, into) {
  const link = into.createElement("a")
  link.href = href
  link.rel = "noopener noreferrer nofollow ugc"
  if (href.startsWith("http")) link.target = "_blank"
  link.textContent = label
  return link
}

/** @param {RegExpMatchArray} match */
function toLink({ groups }) {
  if (groups?.mail) return { label: groups.mail, href: `mailto:${groups.mail}`, length: groups.mail.length }
  if (groups?.tel)
    return { label: groups.tel, href: `tel:${groups.tel.replace(/[^\d+]/g, "")}`, length: groups.tel.length }
  const raw = trim(groups?.url ?? "")
  const url = parse(raw.startsWith("www.") ? `https://${raw}` : raw)
  if (!url) return null
  return { label: honest(raw, url), href: url.href, length: raw.length }
}

/**
 * Punctuation that ends the sentence, and a bracket that was opened before the address, are not part of it.
 * @param {string} raw
 */
function trim(raw) {
  let text = raw.replace(TRAILING, "")
  for (const [open, close] of PAIRS) {
    while (text.endsWith(close) && text.split(close).length > text.split(open).length)
      text = text.slice(0, -1).replace(TRAILING, "")
  }
  return text
}

/** @param {string} text */
function parse(text) {
  try {
    const url = new URL(text)
    const plain = !url.username && !url.password && url.hostname.includes(".")
    const local = url.hostname === "localhost"
    return /^https?:$/.test(url.protocol) && (plain || local) ? url : null
  } catch {
    return null
  }
}

/**
 * The host is shown as the browser will really ask for it, so that look-alike letters cannot hide.
 * @param {string} raw
 * @param {URL} url
 */
function honest(raw, url) {
  const shownHost = raw.replace(/^https?:\/\//i, "").split(/[/?#:]/)[0] ?? ""
  return shownHost.toLowerCase() === url.hostname ? raw : raw.replace(shownHost, url.hostname)
}
