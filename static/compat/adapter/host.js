/** What the adapter does in the page itself: calls the page's functions, makes sound, shows notifications. */

const NOTICE_MS = 5_000

/** Runs after every call into the page; AngularJS, where there is any, looks for changes then. */
export const after = { call: () => {} }

/**
 * Calls a function of the page. What goes wrong in it is the page's to hear of, and stops nothing here.
 * @param {unknown} handler
 * @param {...unknown} args
 */
export function call(handler, ...args) {
  if (typeof handler !== "function") return
  try {
    handler(...args)
  } catch (error) {
    reportError(error)
  }
  after.call()
}

/** @param {string} url */
export function sound(url) {
  const audio = new Audio(url)
  // Before the person has touched the page, browsers play nothing.
  audio.play().catch(() => {})
}

/** Browsers ask only after a gesture: at the first one, when the page itself may not ask yet. */
export function askForNotices() {
  if (typeof Notification === "undefined" || Notification.permission !== "default") return
  const ask = () => Notification.requestPermission().catch(() => {})
  if (navigator.userActivation?.isActive) ask()
  else addEventListener("pointerup", ask, { once: true, capture: true })
}

/**
 * @param {string} title
 * @param {string} body
 * @param {() => void} chosen
 */
export function notice(title, body, chosen) {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return
  try {
    const shown = new Notification(title, { body })
    const timer = setTimeout(() => shown.close(), NOTICE_MS)
    shown.addEventListener("click", () => {
      clearTimeout(timer)
      shown.close()
      focus()
      chosen()
    })
  } catch {
    // Phones show notifications from service workers only.
  }
}
