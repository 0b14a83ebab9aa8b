// Those who play a journey: each in a frame with an SDK of its own, on one page. And the app's back end.

/** Whatever is awaited happens by then. */
const PATIENCE = 15_000

/** Conversation types of the SDK. */
export const PRIVATE = 1
export const GROUP = 3
export const CHATROOM = 4
export const SERVICE = 5
export const SYSTEM = 6

export const TEXT = "RC:TxtMsg"

/** Fails with words. */
export function check(holds, words, ...what) {
  if (!holds) throw new Error(`${words}: ${what.map((one) => JSON.stringify(one)).join(" ")}`)
}

/** Fails unless both are the same as JSON. */
export function same(found, wanted, words = "not the same") {
  check(JSON.stringify(found) === JSON.stringify(wanted), words, found, wanted)
}

export class Troupe {
  constructor(setup) {
    this.setup = setup
    /** What was done, for who looks at a failure. */
    this.steps = []
  }

  /** Says where the journey is. */
  step(words) {
    this.steps.push(words)
  }

  /** Somebody with a page of their own, not connected yet. */
  async person(id) {
    const frame = document.createElement("iframe")
    frame.src = "/sdk/person.html"
    const ready = new Promise((done) => frame.addEventListener("load", done, { once: true }))
    document.body.append(frame)
    await ready
    return new Person(this, id, frame)
  }

  /** Closes every page. */
  everybodyLeaves() {
    for (const frame of document.querySelectorAll("iframe")) frame.remove()
  }

  /** Somebody whose page is connected. */
  async connected(id) {
    const person = await this.person(id)
    await person.connects()
    return person
  }

  /** Asks REST as the app's back end; the test's own server adds the key. */
  async backEnd(method, path, body) {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = text === undefined ? {} : { "content-type": "application/json" }
    const answer = await fetch(`/backend${path}`, { method, body: text, headers })
    const said = await answer.text()
    check(answer.ok, `${method} ${path}`, answer.status, said)
    return said ? JSON.parse(said) : null
  }

  /** A group of the back end's with these people. */
  async group(id, users) {
    await this.backEnd("POST", "/v1/groups", { id, name: `Group ${id}`, users })
  }
}

export class Person {
  constructor(troupe, id, frame) {
    this.troupe = troupe
    this.id = id
    this.frame = frame
    this.page = frame.contentWindow
    const { appkey, navigator, transport } = troupe.setup
    this.im = this.page.begin({ appkey, navigator, transport })
    /** How many events of each kind were looked at. */
    this.seen = {}
  }

  /** Connects with the own token. */
  async connects(token = this.troupe.setup.tokens[this.id]) {
    this.troupe.step(`${this.id} connects`)
    return this.within(this.im.connect({ token }), "connect")
  }

  /** Closes the page. */
  leaves() {
    this.frame.remove()
  }

  conversation(type, targetId) {
    return this.im.Conversation.get({ type, targetId })
  }

  room(id) {
    return this.im.ChatRoom.get({ id })
  }

  /** Sends a text; what the SDK made of it. */
  async says(type, targetId, content, more = {}) {
    this.troupe.step(`${this.id} says ${content} to ${type} ${targetId}`)
    const where = type === CHATROOM ? this.room(targetId) : this.conversation(type, targetId)
    return this.within(where.send({ messageType: TEXT, content: { content }, ...more }), `send ${content}`)
  }

  /** An answer in time. */
  async within(promise, words) {
    let timer
    const late = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new Error(`${this.id}: ${words} was not answered in time`)), PATIENCE)
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** How a call is refused: its number. */
  async refused(promise, words) {
    try {
      const answer = await this.within(promise, words)
      throw new Error(`${this.id}: ${words} worked: ${JSON.stringify(answer)}`)
    } catch (error) {
      if (error instanceof Error) throw error
      return typeof error === "object" ? error.code : error
    }
  }

  /** The next event of a kind that is meant; those before it are forgotten. */
  async hears(kind, meant, words = kind) {
    this.troupe.step(`${this.id} waits for ${words}`)
    const look = () => {
      const events = this.page.heard[kind]
      for (let at = this.seen[kind] ?? 0; at < events.length; at++) {
        if (meant(events[at])) {
          this.seen[kind] = at + 1
          return events[at]
        }
      }
    }
    return new Promise((done, fail) => {
      const finish = (end, value) => {
        clearTimeout(timer)
        this.page.listeners.delete(listener)
        end(value)
      }
      const listener = () => {
        const found = look()
        if (found) finish(done, found)
      }
      const timer = setTimeout(() => {
        const all = JSON.stringify(this.page.heard[kind])
        finish(fail, new Error(`${this.id} does not hear ${words}; ${kind}: ${all}`))
      }, PATIENCE)
      this.page.listeners.add(listener)
      listener()
    })
  }

  /** The next message that says this. */
  async sees(content) {
    const event = await this.hears("message", (one) => one.message.content?.content === content, `"${content}"`)
    return event.message
  }

  /** The next message of this type. */
  async seesType(type) {
    return (await this.hears("message", (one) => one.message.messageType === type, type)).message
  }

  /** The texts of everything that came so far. */
  texts() {
    return this.page.heard.message.map((one) => one.message.content?.content).filter(Boolean)
  }
}

/** Asks again until it holds, or patience ends. */
export async function until(words, look) {
  const end = Date.now() + PATIENCE
  for (;;) {
    const found = await look()
    if (found) return found
    check(Date.now() < end, `waited for ${words}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
