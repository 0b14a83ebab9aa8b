import { colourOf, initials } from "../../shared/lib/people.js"

/** @import { Person } from "../../shared/net/protocol.js" */

export { icon } from "../../shared/lib/icon.js"

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} [properties] set as properties; `class` and what has a dash as attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class" || name.includes("-")) element.setAttribute(name, String(value))
    else Reflect.set(element, name, value)
  }
  element.append(...children)
  return element
}

/**
 * The element with this id. The page is ours: it is there.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/**
 * A person is round; the house is square.
 * @param {Person | undefined} person
 * @param {string} siteName
 */
export function avatar(person, siteName) {
  const element = make("span", { class: "avatar", "aria-hidden": "true" })
  wear(element, person, siteName)
  return element
}

/**
 * @param {HTMLElement} element
 * @param {Person | undefined} person
 * @param {string} siteName
 */
export function wear(element, person, siteName) {
  element.toggleAttribute("data-square", !person)
  if (person) element.dataset.colour = String(colourOf(person.id))
  else delete element.dataset.colour
  const letters = person ? initials(person.name) : initials(siteName).slice(0, 1)
  // Pictures come from this server or not at all: others could follow the visitor.
  const own = person?.portrait?.startsWith("/") && !person.portrait.startsWith("//") ? person.portrait : null
  const picture = person?.picture || own
  if (picture) {
    if (element.querySelector("img")?.getAttribute("src") !== picture)
      element.replaceChildren(make("img", { src: picture, alt: "" }))
  }
  // Letters are drawn, not said: they repeat the name that stands beside them.
  else if (element.dataset.letters !== letters) element.dataset.letters = letters
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text
}
