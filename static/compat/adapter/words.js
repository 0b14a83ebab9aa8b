/**
 * @typedef {{ recent: string, service: string, unread: Record<string, string>, picture: string }} Table
 * @typedef {{ recent: string, service: string, unread: (n: number) => string, picture: string }} Words
 */

/**
 * The words of the button, in the reader's language.
 * @param {Record<string, Table>} tables by language, the default first
 * @returns {Words}
 */
export function wordsOf(tables) {
  const keys = Object.keys(tables)
  const found = [...navigator.languages]
    .map((tag) => tag.split("-")[0])
    .flatMap((tag) => keys.find((key) => key.split("-")[0] === tag) ?? [])[0]
  const language = found ?? keys[0] ?? "en"
  const table = /** @type {Table} */ (tables[language])
  const plural = new Intl.PluralRules(language)
  return {
    ...table,
    unread: (n) => (table.unread[plural.select(n)] ?? table.unread.other ?? "").replace("{n}", String(n)),
  }
}
