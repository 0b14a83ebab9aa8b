/**
 * The page's texts. A text is plain, or has a form per plural category, chosen by the argument `n`.
 * @typedef {Record<string, string | Record<string, string>>} Table
 * @typedef {Record<string, string | number>} Args
 */

export class Strings {
  /**
   * @param {Table} table
   * @param {string} language
   */
  constructor(table, language) {
    this.table = table
    this.language = language
    this.plurals = new Intl.PluralRules(language)
    this.numbers = new Intl.NumberFormat(language)
    this.lists = new Intl.ListFormat(language, { type: "conjunction" })
  }

  /**
   * @param {string} key
   * @param {Args} [args]
   * @returns {string} the text; the key itself when there is none, so that a gap is seen
   */
  get(key, args = {}) {
    const entry = this.table[key]
    if (entry === undefined) return key
    return this.#fill(typeof entry === "string" ? entry : this.#form(entry, args.n), args)
  }

  /**
   * Names in a row: "Anna, Tomás and Mei".
   * @param {string[]} names
   */
  list(names) {
    return this.lists.format(names)
  }

  /**
   * @param {Record<string, string>} forms
   * @param {string | number | undefined} n
   */
  #form(forms, n) {
    const exact = forms[String(n)]
    return exact ?? forms[this.plurals.select(Number(n))] ?? forms.other ?? ""
  }

  /**
   * @param {string} text
   * @param {Args} args
   */
  #fill(text, args) {
    return text.replace(/\{(\w+)\}/g, (hole, name) => {
      const value = args[name]
      if (value === undefined) return hole
      return typeof value === "number" ? this.numbers.format(value) : value
    })
  }
}
