/**
 * The page around the frame. It may say hello once per load, with a port; everything else goes through the port.
 *
 * @typedef {{ page: string, title: string, referrer: string }} PageInfo
 *
 * @typedef {object} HostEvents
 * @property {() => void} hosted there is somebody out there
 * @property {(focus: boolean, full: boolean) => void} opened `full`: over the whole screen
 * @property {() => void} closed
 * @property {(message: Record<string, unknown>) => void} [told] what only some pages say
 */

const LONGEST = 2000

export class Host {
  /** @type {MessagePort | null} */
  #port = null
  /** Whether the panel is open; a page without a host always is. */
  open = window.parent === window
  /** @type {PageInfo} */
  page = { page: "", title: "", referrer: "" }

  /**
   * @param {string[]} origins of pages that may embed this site
   * @param {HostEvents} events
   */
  constructor(origins, events) {
    this.events = events
    addEventListener("message", (event) => {
      const { data, origin, source, ports } = event
      if (source !== window.parent || !origins.some((allowed) => matches(allowed, origin))) return
      if (data?.t !== "parlor" || data.v !== 1 || typeof data.nonce !== "string" || !ports[0]) return
      this.#greet(ports[0], data.nonce.slice(0, 64))
    })
  }

  /** Asks the host to close the panel. */
  close() {
    this.#port?.postMessage({ t: "close" })
  }

  /** @param {number} n unread messages */
  unread(n) {
    this.#port?.postMessage({ t: "unread", n })
  }

  /** @param {Record<string, unknown>} message that only some pages understand */
  tell(message) {
    this.#port?.postMessage(message)
  }

  /** @param {string} text to be read aloud while the panel is closed */
  say(text) {
    this.#port?.postMessage({ t: "say", text })
  }

  /**
   * @param {MessagePort} port
   * @param {string} nonce
   */
  #greet(port, nonce) {
    this.#port?.close()
    this.#port = port
    port.onmessage = ({ data }) => this.#hear(data)
    port.postMessage({ t: "ready", v: 1, nonce })
    this.events.hosted()
  }

  /** @param {unknown} said */
  #hear(said) {
    if (!said || typeof said !== "object" || !("t" in said)) return
    const message = /** @type {Record<string, unknown>} */ (said)
    if (message.t === "open") {
      this.open = true
      this.events.opened(message.focus === true, message.full === true)
    } else if (message.t === "close") {
      this.open = false
      this.events.closed()
    } else if (message.t === "page") {
      this.page = { page: text(message.page), title: text(message.title), referrer: text(message.referrer) }
    } else {
      this.events.told?.(message)
    }
  }
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value.slice(0, LONGEST) : ""
}

/**
 * Exact, or any subdomain of `https://*.host`; never by prefix.
 * @param {string} allowed
 * @param {string} origin
 */
export function matches(allowed, origin) {
  if (!allowed.startsWith("https://*.")) return allowed === origin
  const tail = allowed.slice("https://*".length)
  return origin.startsWith("https://") && origin.endsWith(tail) && origin.length > "https://".length + tail.length
}
