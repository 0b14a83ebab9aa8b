/**
 * One attempt at a line to the server. Two kinds: a WebSocket, and long-poll where a proxy strips `Upgrade`.
 * `closed` is called exactly once, also when the line never opened.
 *
 * @typedef {object} LineEvents
 * @property {() => void} opened
 * @property {(text: string) => void} frame
 * @property {(code: number) => void} closed
 *
 * @typedef {object} Line
 * @property {(text: string) => void} send
 * @property {() => void} close no event follows
 */

/**
 * @param {string} url
 * @param {LineEvents} events
 * @returns {Line}
 */
export function openSocket(url, events) {
  let socket
  try {
    socket = new WebSocket(url)
  } catch {
    queueMicrotask(() => events.closed(1006)) // forbidden here: it is no use, but others may be
    return { send() {}, close() {} }
  }
  const listening = new AbortController()
  const { signal } = listening
  socket.addEventListener("open", () => events.opened(), { signal })
  socket.addEventListener("message", ({ data }) => typeof data === "string" && events.frame(data), { signal })
  socket.addEventListener(
    "close",
    ({ code }) => {
      listening.abort()
      events.closed(code)
    },
    { signal },
  )
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close() {
      listening.abort()
      socket.close(1000)
    },
  }
}
