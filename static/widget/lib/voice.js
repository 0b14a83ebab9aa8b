import { Strings } from "../../shared/lib/strings.js"
import { Times } from "../../shared/lib/time.js"

/** @import { Table } from "../../shared/lib/strings.js" */

/**
 * The words and clocks of this page. Times are said as the visitor's own variety of the language does: 2:05 PM in the
 * United States, 14:05 in Britain.
 */
export class Voice {
  /**
   * @param {Table} table
   * @param {string} language
   * @param {string} siteName
   */
  constructor(table, language, siteName) {
    this.siteName = siteName
    this.strings = new Strings(table, language)
    const own = navigator.languages.find((tag) => tag.split("-")[0] === language.split("-")[0])
    this.times = new Times(own ?? language, {
      today: this.strings.get("day-today"),
      yesterday: this.strings.get("day-yesterday"),
    })
  }
}
