import { bringsFiles, filesIn } from "./picture.js"

/**
 * Files dragged over the page may be dropped anywhere on it.
 * @param {HTMLElement} target what takes them
 * @param {{ allowed: () => boolean, over: (on: boolean) => void, take: (files: File[]) => void }} events
 * @param {AbortSignal} [signal]
 */
export function takeDrops(target, { allowed, over, take }, signal) {
  const options = signal ? { signal } : {}
  const isMeant = (/** @type {DragEvent} */ event) => bringsFiles(event.dataTransfer) && allowed()
  target.addEventListener(
    "dragover",
    (event) => {
      if (!isMeant(event)) return
      event.preventDefault()
      over(true)
    },
    options,
  )
  target.addEventListener(
    "dragleave",
    ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && target.contains(relatedTarget))) over(false)
    },
    options,
  )
  target.addEventListener(
    "drop",
    (event) => {
      over(false)
      if (!isMeant(event)) return
      event.preventDefault()
      take(filesIn(event.dataTransfer))
    },
    options,
  )
}
