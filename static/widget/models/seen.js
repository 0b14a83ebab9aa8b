const LOOK_MS = 1_000
const LINE_MS = 3_000

/**
 * What counts as read: whatever has been in sight for a second. And the line above what was new at the last look,
 * which goes when everything has been seen for three.
 */
export class Seen {
  /** The first place that was new at the last look; 0 draws no line. */
  unreadFrom = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #look
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #line

  /** @param {{ read: (seq: number) => void, changed: () => void }} events */
  constructor(events) {
    this.events = events
  }

  /**
   * The visitor turns to a conversation.
   * @param {{ read: number, unread: number } | undefined} mine
   * @returns {boolean} whether there is a line now
   */
  begin(mine) {
    if (!mine || mine.unread === 0 || this.unreadFrom > 0) return false
    this.unreadFrom = mine.read + 1
    return true
  }

  /**
   * @param {{ read: number, unread: number } | undefined} mine undefined while nobody looks
   * @param {() => number} inSight the newest place in sight
   */
  update(mine, inSight) {
    if (!mine) {
      clearTimeout(this.#look)
      this.#look = undefined
      return
    }
    if (inSight() > mine.read) {
      this.#look ??= setTimeout(() => {
        this.#look = undefined
        const seq = inSight()
        if (seq > mine.read) this.events.read(seq)
      }, LOOK_MS)
    } else if (this.unreadFrom > 0 && mine.unread === 0 && this.#line === undefined) {
      this.#line = setTimeout(() => {
        this.#line = undefined
        this.unreadFrom = 0
        this.events.changed()
      }, LINE_MS)
    }
  }
}
