import { messageOf } from "../../shared/models/media.js"
import { Uploads } from "../../shared/models/uploads.js"
import { Links, upload } from "../../shared/net/files.js"
import { page } from "../page.js"

/** @import { Outbox } from "../../shared/models/outbox.js" */
/** @import { Job } from "../../shared/models/uploads.js" */
/** @import { StagedFile } from "../../shared/views/staged.js" */
/** @import { Line } from "./line.js" */

/** Files of the console: on their way out, and the links to those that are there. */
export class Files {
  /** What is said about files once they are there. @type {{ conversation: string, keys: string[], text: string }[]} */
  #captions = []

  /**
   * @param {Line} line
   * @param {Outbox} outbox
   * @param {() => void} changed
   */
  constructor(line, outbox, changed) {
    this.line = line
    this.outbox = outbox
    this.changed = changed
    this.links = new Links((files) => line.connection.command("links", { files }))
    this.uploads = new Uploads(
      {
        send: (job, progress, signal) => upload(job.file, headers(job), progress, signal),
        ready: () => line.isLive,
        taken: (job, uploaded) => {
          const { type, content } = messageOf(uploaded, job.seconds)
          outbox.add(job.to, type, content, job.key)
          line.sender.pump()
        },
        changed: () => this.#changed(),
      },
      { show: (file) => URL.createObjectURL(file), forget: (address) => URL.revokeObjectURL(address) },
    )
  }

  /**
   * Files, then words about them.
   * @param {string} conversation
   * @param {StagedFile[]} files
   * @param {string} text
   */
  send(conversation, files, text) {
    const keys = files.map(({ file, ...picture }) => this.uploads.add(file, { conversation }, picture).key)
    if (text) this.#captions.push({ conversation, keys, text })
    this.#changed()
  }

  /** @param {string} conversation what is shown of files that are not there yet */
  pending(conversation) {
    const jobs = this.uploads.jobs.filter(({ to }) => "conversation" in to && to.conversation === conversation)
    return jobs.map((job) => ({
      client_id: job.key,
      to: job.to,
      type: "RC:FileMsg",
      content: {},
      at: job.at,
      turn: 0,
      job,
    }))
  }

  /** Call when the line stands. */
  pump() {
    this.uploads.pump()
    this.links.pump()
  }

  #changed() {
    const going = new Set(this.uploads.jobs.filter(isGoing).map(({ key }) => key))
    const ready = this.#captions.filter(({ keys }) => !keys.some((key) => going.has(key)))
    this.#captions = this.#captions.filter((caption) => !ready.includes(caption))
    for (const { conversation, text } of ready) this.outbox.add({ conversation }, "RC:TxtMsg", { content: text })
    if (ready.length > 0) this.line.sender.pump()
    this.changed()
  }
}

/** @param {Job} job @returns {Record<string, string>} */
function headers({ to }) {
  const conversation = "conversation" in to ? to.conversation : ""
  return { "X-Conversation": conversation, "X-CSRF-Token": page.csrf ?? "" }
}

/** @param {Job} job */
function isGoing({ state }) {
  return state === "waiting" || state === "running" || state === "there"
}
