/**
 * Contents that are a title, a text and an address: rich content, and what a visitor looks at.
 * `model::Content::card` says the same.
 */
const CARDS = ["RC:ImgTextMsg", "cs:product"]

/** @param {string} type */
export function isCard(type) {
  return CARDS.includes(type)
}

/**
 * @param {Record<string, unknown>} content
 * @returns {string} a line each
 */
export function cardWords({ title, content, url }) {
  return [title, content, url].filter((line) => typeof line === "string" && line !== "").join("\n")
}
