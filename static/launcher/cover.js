/**
 * On a phone the chat is the whole screen: the page behind rests, Back closes. Returns what ends that.
 * @param {HTMLElement} host what stands in the page
 * @param {HTMLElement} panel
 * @param {() => void} close
 */
export function cover(host, panel, close) {
  const leaving = new AbortController()
  const { signal } = leaving
  const { documentElement: root, body } = document
  const { overflow } = root.style
  root.style.overflow = "hidden"
  panel.ariaModal = "true"
  const resting = /** @type {HTMLElement[]} */ ([...body.children]).filter(
    (element) => element !== host && !element.inert,
  )
  for (const element of resting) element.inert = true
  const fit = () => {
    const { height, offsetTop } = /** @type {VisualViewport} */ (visualViewport)
    panel.style.setProperty("--v", `${height}px`)
    panel.style.setProperty("--y", `${offsetTop}px`)
  }
  for (const change of ["resize", "scroll"]) visualViewport?.addEventListener(change, fit, { signal })
  if (visualViewport) fit()
  const back = onBack(close)
  return () => {
    leaving.abort()
    back()
    root.style.overflow = overflow
    panel.ariaModal = null
    for (const element of resting) element.inert = false
  }
}

/**
 * Back closes, once. Returns what to do when it was closed otherwise.
 * @param {() => void} close
 */
function onBack(close) {
  const { CloseWatcher } = /** @type {any} */ (window)
  if (CloseWatcher) {
    const watcher = new CloseWatcher()
    watcher.onclose = close
    return () => watcher.destroy()
  }
  let went = false
  const pop = () => {
    went = true
    close()
  }
  history.pushState(history.state, "")
  addEventListener("popstate", pop, { once: true })
  return () => {
    removeEventListener("popstate", pop)
    if (!went) history.back()
  }
}
