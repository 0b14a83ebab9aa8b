/** @import { Message, Person } from "../../../shared/net/protocol.js" */

/**
 * What the page around the frame calls people and groups, asked for once each. Until it answers, and when it does not,
 * the server's names count.
 */
export class Names {
  /** @type {Map<string, { name: string, portrait: string }>} */
  #known = new Map()
  #asked = new Set()

  /** @param {(what: "person" | "group", id: string) => void} ask */
  constructor(ask) {
    this.ask = ask
  }

  /**
   * @param {"person" | "group"} what
   * @param {string} id
   * @param {unknown} name
   * @param {unknown} portrait
   */
  learn(what, id, name, portrait) {
    this.#known.set(`${what} ${id}`, { name: text(name).slice(0, 200), portrait: pictureOf(text(portrait)) })
  }

  /**
   * @param {"person" | "group"} what
   * @param {string} id
   */
  of(what, id) {
    const key = `${what} ${id}`
    if (!this.#asked.has(key)) {
      this.#asked.add(key)
      this.ask(what, id)
    }
    return this.#known.get(key)
  }

  /**
   * @template {Person} T
   * @param {T} person
   * @returns {T} under the page's name for them
   */
  person(person) {
    const known = person.role === "system" ? undefined : this.of("person", person.id)
    return {
      ...person,
      name: known?.name || person.name || person.id,
      ...(known?.portrait && { picture: known.portrait }),
    }
  }

  /** @param {Message} message @returns {Message} */
  message(message) {
    return message.from.role === "system" ? message : { ...message, from: this.person(message.from) }
  }
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : ""
}

/** @param {string} address */
function pictureOf(address) {
  return /^https?:\/\//i.test(address) ? address : ""
}
