/**
 * The closed frame in which an SDK runs, as the page around it sees it. What comes out of it is shown as text and
 * believed in nothing.
 *
 * @typedef {{ appkey: string, token: string, server: string, protobuf: string, room: string, other: string }} Given
 */

const LOAD_MS = 20_000

export class Sdk {
  /** @type {MessagePort | undefined} */
  #port
  /** @type {Map<number, { resolve: (ok: any) => void, reject: (error: Error) => void }>} */
  #asked = new Map()
  #lastId = 0
  #frame = document.createElement("iframe")
  #listening = new AbortController()

  /** @param {(what: string, body: any) => void} hear */
  constructor(hear) {
    this.hear = hear
  }

  /**
   * @param {HTMLElement} place
   * @param {{ sdk: string, more: string, servers: string }} addresses
   * @returns {Promise<string>} the SDK's version
   */
  load(place, addresses) {
    return new Promise((resolve, reject) => {
      const { signal } = this.#listening
      const timer = setTimeout(() => reject(new Error("The SDK did not load in time.")), LOAD_MS)
      addEventListener(
        "message",
        ({ source, data, ports }) => {
          if (source !== this.#frame.contentWindow || data?.t !== "runner" || !ports[0]) return
          clearTimeout(timer)
          const missing = Array.isArray(data.missing) ? data.missing.map(String) : []
          if (missing.length > 0) return reject(new Error(`This could not be loaded: ${missing.join(", ")}`))
          if (!data.version) return reject(new Error("These scripts bring no SDK of generation 2 or 4."))
          this.#port = ports[0]
          this.#port.onmessage = ({ data }) => this.#take(data)
          resolve(String(data.version))
        },
        { signal },
      )
      this.#frame.title = "SDK"
      this.#frame.setAttribute("sandbox", "allow-scripts")
      this.#frame.src = `/compat/runner?${new URLSearchParams(addresses)}`
      // A refusal is an error page, which says nothing: ask again for the words.
      this.#frame.addEventListener("load", () => setTimeout(() => this.#port ?? reject(new Error(REFUSED)), 1_000), {
        signal,
      })
      place.replaceChildren(this.#frame)
    })
  }

  /**
   * @param {string} ask
   * @param {unknown} args
   * @returns {Promise<any>}
   */
  ask(ask, args) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      this.#port?.postMessage({ id, ask, args })
    })
  }

  stop() {
    this.#listening.abort()
    this.#port?.close()
    this.#frame.remove()
    for (const { reject } of this.#asked.values()) reject(new Error("stopped"))
    this.#asked.clear()
  }

  /** @param {any} said */
  #take(said) {
    if (typeof said?.hear === "string") return this.hear(said.hear, said.body)
    const asked = this.#asked.get(said?.id)
    this.#asked.delete(said?.id)
    if (said && "error" in said) asked?.reject(new Error(String(said.error)))
    else asked?.resolve(said?.ok)
  }
}

const REFUSED =
  "The SDK was not loaded. Its addresses must begin with https:// or lie on this machine, and so must the server's."

/**
 * @param {HTMLFormElement} form
 * @returns {Given & { addresses: { sdk: string, more: string, servers: string } }}
 */
export function givenIn(form) {
  const values = new FormData(form)
  const field = (/** @type {string} */ name) => String(values.get(name) ?? "").trim()
  const [sdk, protobuf, server] = ["sdk", "protobuf", "server"].map(field)
  return {
    addresses: { sdk: sdk ?? "", more: protobuf ?? "", servers: server ?? "" },
    appkey: field("appkey"),
    token: field("token"),
    server: server ?? "",
    protobuf: protobuf ?? "",
    room: field("room"),
    other: field("other"),
  }
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function part(id, type) {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`)
  return element
}

/** @param {unknown} error */
export function told(error) {
  return error instanceof Error ? error.message : String(error)
}
