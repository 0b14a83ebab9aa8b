/** Times as the reader's clock and language say them. */

const DAY_MS = 86_400_000

export class Times {
  /**
   * @param {string} language
   * @param {{ today: string, yesterday: string }} words
   * @param {string} [timeZone] the reader's own by default
   */
  constructor(language, words, timeZone) {
    this.words = words
    const format = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
      new Intl.DateTimeFormat(language, { timeZone, ...options })
    this.clockFormat = format({ hour: "numeric", minute: "2-digit" })
    this.weekdayFormat = format({ weekday: "long" })
    this.dayFormat = format({ day: "numeric", month: "long" })
    this.shortDayFormat = format({ day: "numeric", month: "short" })
    this.yearFormat = format({ day: "numeric", month: "long", year: "numeric" })
    this.keyFormat = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" })
    this.hourFormat = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", hourCycle: "h23" })
  }

  /**
   * @param {number} at
   * @returns {string} such as 14:05
   */
  clock(at) {
    return this.clockFormat.format(at)
  }

  /**
   * @param {number} at
   * @returns {string} the calendar day, such as 2026-11-22; equal for instants of one day
   */
  dayKey(at) {
    return this.keyFormat.format(at)
  }

  /**
   * @param {number} at
   * @returns {number} 0 to 23
   */
  hour(at) {
    return Number(this.hourFormat.format(at))
  }

  /**
   * @param {number} at
   * @param {number} now
   * @returns {string} Today, Yesterday, Friday, 12 November, 12 November 2025
   */
  day(at, now) {
    const days = this.#daysBetween(at, now)
    if (days === 0) return this.words.today
    if (days === 1) return this.words.yesterday
    if (days > 0 && days < 7) return this.weekdayFormat.format(at)
    return this.#sameYear(at, now) ? this.dayFormat.format(at) : this.yearFormat.format(at)
  }

  /**
   * For lists, where there is little room.
   * @param {number} at
   * @param {number} now
   * @returns {string} the time today, else the day
   */
  brief(at, now) {
    const days = this.#daysBetween(at, now)
    if (days === 0) return this.clock(at)
    if (days === 1) return this.words.yesterday
    return this.#sameYear(at, now) ? this.shortDayFormat.format(at) : this.yearFormat.format(at)
  }

  /**
   * @param {number} at
   * @param {number} now
   */
  #daysBetween(at, now) {
    return Math.round((Date.parse(this.dayKey(now)) - Date.parse(this.dayKey(at))) / DAY_MS)
  }

  /**
   * @param {number} at
   * @param {number} now
   */
  #sameYear(at, now) {
    return this.dayKey(at).slice(0, 4) === this.dayKey(now).slice(0, 4)
  }
}
