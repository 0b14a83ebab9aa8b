/**
 * Many things may change at once; the screen is drawn once.
 * @param {() => void} draw
 * @returns {() => void} draws soon, however often it is called until then
 */
export function once(draw) {
  let waits = false
  return () => {
    if (waits) return
    waits = true
    queueMicrotask(() => {
      waits = false
      draw()
    })
  }
}
