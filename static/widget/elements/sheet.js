import { make } from "../lib/dom.js"

/**
 * Asks before something that cannot be undone. The safe choice has the focus; Escape and a press outside are it.
 * @param {{ title: string, text: string, keep: string, go: string }} words
 * @returns {Promise<boolean>} whether to go on
 */
export function confirmSheet({ title, text, keep, go }) {
  const sheet = make("dialog", {
    class: "sheet",
    role: "alertdialog",
    "aria-labelledby": "sheet-title",
    "aria-describedby": "sheet-text",
  })
  const stay = make("button", {
    class: "button",
    type: "button",
    textContent: keep,

    "data-outline": "",
  })
  const leave = make("button", { class: "button", type: "button", textContent: go, "data-bad": "" })
  sheet.append(
    make("h2", { id: "sheet-title", textContent: title }),
    make("p", { id: "sheet-text", textContent: text }),
    make("div", { class: "sheet-buttons" }, stay, leave),
  )
  return new Promise((resolve) => {
    let sure = false
    stay.addEventListener("click", () => sheet.close())
    leave.addEventListener("click", () => {
      sure = true
      sheet.close()
    })
    sheet.addEventListener("click", (event) => event.target === sheet && isOutside(sheet, event) && sheet.close())
    sheet.addEventListener("keydown", (event) => event.stopPropagation()) // Escape closes this, not the chat
    sheet.addEventListener("close", () => {
      sheet.remove()
      resolve(sure)
    })
    document.body.append(sheet)
    sheet.showModal()
  })
}

/**
 * The chat goes on in another place. Nothing here works until it is called back.
 * @param {{ title: string, text: string, here: string }} words
 * @param {() => void} take
 */
export function elsewhereSheet({ title, text, here }, take) {
  const sheet = make("dialog", { class: "sheet", "aria-labelledby": "sheet-title", "data-elsewhere": "" })
  const button = make("button", { class: "button", type: "button", textContent: here })
  sheet.append(
    drawing(),
    make("h2", { id: "sheet-title", textContent: title }),
    make("p", { textContent: text }),
    make("div", { class: "sheet-buttons" }, button),
  )
  button.addEventListener("click", () => {
    sheet.remove()
    take()
  })
  sheet.addEventListener("cancel", (event) => event.preventDefault())
  document.body.append(sheet)
  sheet.showModal()
}

/**
 * @param {HTMLElement} sheet
 * @param {MouseEvent} event
 */
function isOutside(sheet, { clientY }) {
  return clientY < sheet.getBoundingClientRect().top
}

/** A screen, and a phone beside it that is lit. */
function drawing() {
  const space = "http://www.w3.org/2000/svg"
  const svg = document.createElementNS(space, "svg")
  svg.setAttribute("viewBox", "0 0 80 48")
  svg.setAttribute("aria-hidden", "true")
  const group = document.createElementNS(space, "g")
  for (const [parent, d] of /** @type {const} */ ([
    [svg, "M5 3h40a3 3 0 0 1 3 3v26a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3zM18 43h14"],
    [group, "M58 2h14a4 4 0 0 1 4 4v36a4 4 0 0 1-4 4H58a4 4 0 0 1-4-4V6a4 4 0 0 1 4-4z"],
    [group, "M60 15h9M60 21h6"],
  ])) {
    const path = document.createElementNS(space, "path")
    path.setAttribute("d", d)
    parent.append(path)
  }
  svg.append(group)
  return svg
}
