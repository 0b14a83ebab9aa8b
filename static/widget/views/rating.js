import { avatar, icon, make } from "../lib/dom.js"

/** @import { Strings } from "../../shared/lib/strings.js" */
/** @import { Person } from "../../shared/net/protocol.js" */

/** @typedef {{ stars: number, tags: string[], text: string, solved: boolean | null }} Given */

const STARS = [1, 2, 3, 4, 5]
const TAGS = [1, 2, 3, 4]

/**
 * Five stars send at once; fewer ask what could have been better.
 * @param {{ strings: Strings, siteName: string, agent: Person | undefined, send: (given: Given) => void, skip: () => void }} what
 * @returns {HTMLFormElement}
 */
export function ratingForm({ strings, siteName, agent, send, skip }) {
  const name = agent?.name
  const title = name ? strings.get("rate-title", { name }) : strings.get("rate-title-plain")
  const word = make("p", { class: "star-word", ariaLive: "polite" })
  const stars = starGroup(strings, title)
  const more = moreQuestions(strings)
  const form = make(
    "form",
    { class: "rating", noValidate: true },
    make(
      "div",
      { class: "form-body" },
      make(
        "div",
        { class: "rating-top" },
        avatar(agent, siteName),
        make("h2", { class: "voice-title", textContent: title, tabIndex: -1 }),
        stars,
        make(
          "p",
          { class: "star-ends", ariaHidden: "true" },
          make("span", { textContent: strings.get("rate-1") }),
          make("span", { textContent: strings.get("rate-5") }),
        ),
        word,
      ),
      more,
    ),
    make(
      "div",
      { class: "form-foot" },
      make("button", { class: "button", type: "submit", textContent: strings.get("rate-send") }),
      make("button", { class: "text-button", type: "button", textContent: strings.get("rate-skip"), onclick: skip }),
    ),
  )
  const given = () => ({ ...answers(form), stars: chosen(form) })
  const choose = () => {
    light(stars, chosen(form))
    word.textContent = strings.get(`rate-${chosen(form)}`)
    form.toggleAttribute("data-open", true)
  }
  // With the mouse or a digit five is final; arrows pass over it.
  stars.addEventListener("click", ({ detail }) => detail > 0 && chosen(form) === 5 && send(given()))
  stars.addEventListener("change", choose)
  stars.addEventListener("keydown", ({ key }) => {
    const star = STARS.includes(Number(key)) ? stars.querySelectorAll("input")[Number(key) - 1] : null
    if (!star) return
    star.checked = true
    star.focus()
    choose()
  })
  stars.addEventListener("pointerover", ({ target }) => preview(stars, target))
  stars.addEventListener("pointerleave", () => light(stars, chosen(form)))
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    if (chosen(form) > 0) send(given())
  })
  return form
}

/**
 * @param {Strings} strings
 * @param {string} name
 * @param {number} stars
 * @param {() => void} again
 * @returns {Node[]}
 */
export function thanks(strings, name, stars, again) {
  const given = make(
    "div",
    { class: "thanks-stars", "aria-hidden": "true" },
    ...STARS.slice(0, stars).map(() => icon("star")),
  )
  return [
    given,
    make("h2", { class: "voice-title", tabIndex: -1, textContent: strings.get("thanks-plain") }),
    make("p", {
      class: "centre-text",
      textContent: name ? strings.get("thanks-text", { name }) : strings.get("thanks-text-plain"),
    }),
    make(
      "div",
      { class: "centre-buttons" },
      make("button", { class: "button", type: "button", textContent: strings.get("new"), onclick: again }),
    ),
  ]
}

/**
 * @param {Strings} strings
 * @param {string} title
 */
function starGroup(strings, title) {
  const star = (/** @type {number} */ n) => {
    const name = strings.get("a11y-star", { n, word: strings.get(`rate-${n}`).toLocaleLowerCase() })
    return make(
      "label",
      {},
      make("input", { type: "radio", name: "stars", value: String(n), ariaLabel: name }),
      icon("star"),
    )
  }
  return make("div", { class: "stars", role: "radiogroup", ariaLabel: title }, ...STARS.map(star))
}

/** @param {Strings} strings */
function moreQuestions(strings) {
  const chip = (
    /** @type {string} */ type,
    /** @type {string} */ name,
    /** @type {string} */ value,
    /** @type {string} */ text,
  ) => make("label", { class: "chip" }, make("input", { type, name, value }), icon("check"), text)
  const tags = TAGS.map((n) => strings.get(`rate-tag-${n}`))
  const group = (/** @type {string} */ role, /** @type {string} */ title, /** @type {Node[]} */ chips) =>
    make(
      "div",
      { class: "field", role, ariaLabel: title },
      make("p", { class: "label", textContent: title, ariaHidden: "true" }),
      make("div", { class: "chips" }, ...chips),
    )
  const label = make(
    "label",
    { htmlFor: "rate-text" },
    `${strings.get("rate-more")} `,
    make("span", { textContent: strings.get("form-optional") }),
  )
  const text = make("textarea", {
    class: "control",
    id: "rate-text",
    name: "text",
    rows: 3,
    maxLength: 2000,
    dir: "auto",
  })
  return make(
    "div",
    { class: "rating-more" },
    group(
      "group",
      strings.get("rate-better"),
      tags.map((tag) => chip("checkbox", "tag", tag, tag)),
    ),
    group("radiogroup", strings.get("rate-solved"), [
      chip("radio", "solved", "1", strings.get("yes")),
      chip("radio", "solved", "0", strings.get("no")),
    ]),
    make("div", { class: "field" }, label, text),
  )
}

/** @param {HTMLFormElement} form */
function chosen(form) {
  return Number(new FormData(form).get("stars") ?? 0)
}

/** @param {HTMLFormElement} form */
function answers(form) {
  const data = new FormData(form)
  const solved = data.get("solved")
  return {
    tags: data.getAll("tag").map(String),
    text: String(data.get("text") ?? "").trim(),
    solved: solved === null ? null : solved === "1",
  }
}

/**
 * @param {HTMLElement} stars
 * @param {EventTarget | null} target
 */
function preview(stars, target) {
  const label = target instanceof Element ? target.closest("label") : null
  if (label) light(stars, [...stars.children].indexOf(label) + 1)
}

/**
 * @param {HTMLElement} stars
 * @param {number} count
 */
function light(stars, count) {
  for (const [index, label] of [...stars.children].entries()) label.toggleAttribute("data-on", index < count)
}
