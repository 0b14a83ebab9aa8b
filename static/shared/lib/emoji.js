const EMOJI = /^\p{RGI_Emoji}$/v
const MOST = 3

/**
 * Whether a message is one to three emoji and nothing else: those are shown large.
 * @param {string} text
 */
export function isEmojiOnly(text) {
  const trimmed = text.trim()
  if (!trimmed || trimmed.length > 60) return false
  const signs = [...new Intl.Segmenter().segment(trimmed.replace(/\s/gu, ""))]
  return signs.length <= MOST && signs.every(({ segment }) => EMOJI.test(segment))
}
