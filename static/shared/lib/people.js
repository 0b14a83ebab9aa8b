/** People without a picture: their letters and their colour. The server's `view::people` says the same. */

const COLOURS = 8

/**
 * @param {string} id
 * @returns {number} 0 to 7: FNV-1a of the id's bytes, modulo 8
 */
export function colourOf(id) {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash % COLOURS
}

/**
 * @param {string} name
 * @returns {string} one or two letters; for names without spaces in Chinese, Japanese or Korean the last two
 */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean)
  const first = words[0] ?? ""
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(first))
    return [...first].slice(-2).join("")
  const last = words.length > 1 ? (words.at(-1) ?? "") : ""
  return (letter(first) + letter(last)).toLocaleUpperCase()
}

/** @param {string} word */
function letter(word) {
  return /[\p{L}\p{N}]/u.exec(word)?.[0] ?? ""
}
