/** Storage that may be refused or full: then things live as long as the page. */
export class Keep {
  /** @param {Storage | null} storage */
  constructor(storage) {
    this.storage = storage
  }

  /** @param {string} key */
  get(key) {
    try {
      return this.storage?.getItem(key) ?? null
    } catch {
      return null
    }
  }

  /**
   * @param {string} key
   * @param {string | null} value null removes it
   */
  set(key, value) {
    try {
      if (value === null) this.storage?.removeItem(key)
      else this.storage?.setItem(key, value)
    } catch {
      // Nothing depends on it.
    }
  }

  /** @returns {string[]} */
  keys() {
    try {
      return Object.keys(this.storage ?? {})
    } catch {
      return []
    }
  }
}

/** @param {"localStorage" | "sessionStorage"} which */
function storage(which) {
  try {
    return globalThis[which]
  } catch {
    return null
  }
}

/** For this device. */
export const device = new Keep(storage("localStorage"))
/** For this tab. */
export const tab = new Keep(storage("sessionStorage"))
