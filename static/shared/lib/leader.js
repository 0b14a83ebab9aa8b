/**
 * Of all tabs with the same surface, one plays sounds. The tab used last asks first; a lock decides.
 */
export class Leader {
  #leads = false
  #stop = new AbortController()

  /** @param {string} name what the tabs have in common */
  constructor(name) {
    this.#stand(name)
  }

  /** @returns {boolean} whether this tab is the one */
  get leads() {
    return this.#leads
  }

  close() {
    this.#stop.abort()
  }

  /** @param {string} name */
  #stand(name) {
    if (!navigator.locks) {
      this.#leads = true
      return
    }
    const { signal } = this.#stop
    const held = () => {
      this.#leads = true
      return new Promise((release) => signal.addEventListener("abort", release, { once: true }))
    }
    navigator.locks.request(`parlor.leader.${name}`, { signal }, held).catch(() => {})
  }
}
