/** The server's clock, as far as we know it: waits are counted from its times. */
let ahead = 0

/** @param {number} serverNow what the server's clock shows at this moment */
export function setClock(serverNow) {
  ahead = serverNow - Date.now()
}

/** @returns {number} milliseconds since 1970 */
export function now() {
  return Date.now() + ahead
}
