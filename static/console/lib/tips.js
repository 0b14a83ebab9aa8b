/** Names of icons, next to them: on hover after a moment, on focus at once; Escape hides. */

const DELAY_MS = 400
const AWAY_PX = 6

/**
 * @param {HTMLElement} root
 * @param {(target: HTMLElement) => boolean} wanted whether this one needs its name shown now
 * @param {AbortSignal} signal
 */
export function tooltips(root, wanted, signal) {
  const tip = document.createElement("div")
  tip.className = "tip"
  tip.hidden = true
  tip.setAttribute("aria-hidden", "true")
  root.append(tip)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const hide = () => {
    clearTimeout(timer)
    tip.hidden = true
  }
  const show = (/** @type {HTMLElement} */ target) => {
    const words = document.createElement("span")
    words.textContent = target.dataset.tip ?? ""
    const keys = (target.dataset.key ?? "")
      .split(" ")
      .filter(Boolean)
      .map((key) => {
        const kbd = document.createElement("kbd")
        kbd.textContent = key
        return kbd
      })
    tip.replaceChildren(words, ...keys)
    tip.hidden = false
    place(tip, target)
  }
  const find = (/** @type {Event} */ { target }) => {
    const found = target instanceof Element ? target.closest("[data-tip]") : null
    return found instanceof HTMLElement && wanted(found) ? found : null
  }
  root.addEventListener(
    "pointerover",
    (event) => {
      const target = find(event)
      clearTimeout(timer)
      if (!target) return hide()
      timer = setTimeout(() => show(target), tip.hidden ? DELAY_MS : 0)
    },
    { signal },
  )
  root.addEventListener(
    "focusin",
    (event) => {
      const target = find(event)
      if (target?.matches(":focus-visible")) show(target)
      else hide()
    },
    { signal },
  )
  for (const event of ["pointerdown", "focusout", "pointerleave"]) root.addEventListener(event, hide, { signal })
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide(), { signal })
}

/**
 * @param {HTMLElement} tip
 * @param {HTMLElement} target
 */
function place(tip, target) {
  const at = target.getBoundingClientRect()
  const inSidebar = target.closest(".sidebar")
  const x = inSidebar ? at.right + AWAY_PX : Math.min(at.left, innerWidth - tip.offsetWidth - AWAY_PX)
  const y = inSidebar ? at.top + (at.height - tip.offsetHeight) / 2 : at.bottom + AWAY_PX
  tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`
}
