// Writes down what the document says to the server and hears from it. Runs before the document's own scripts.
const trace = []
window.__trace = trace
const note = (mark, text) => trace.push(`${new Date().toISOString()} ${mark} ${text}`)

window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address)
    note('open', address[0])
    this.addEventListener('message', ({ data }) => note('<', data))
    this.addEventListener('close', ({ code }) => note('close', code))
  }

  send(text) {
    note('>', text)
    super.send(text)
  }
}

const ask = window.fetch
window.fetch = async (address, request) => {
  note('ask', `${address} ${request?.body ?? ''}`)
  const answer = await ask(address, request)
  const heard = (text) => note('answer', `${address} ${text}`)
  answer.clone().text().then(heard, heard)
  return answer
}
