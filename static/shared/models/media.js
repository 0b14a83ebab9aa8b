/**
 * What a message carries besides words.
 *
 * @typedef {object} Media
 * @property {"image" | "voice" | "video" | "file"} kind
 * @property {string | null} file the id of a file on this server
 * @property {string} href its address elsewhere; empty for files of ours
 * @property {string} name
 * @property {number} size bytes; 0 when nobody said
 * @property {string} thumb a small JPEG in base64; empty without one
 * @property {number} width
 * @property {number} height
 * @property {number} seconds
 * @property {string} inline sound inside the message, in base64
 * @property {string} [local] the sender's own copy, as a `blob:` address
 * @property {Going} [going] it is on its way to the server
 *
 * @typedef {{ key: string, state: "waiting" | "running" | "there" | "failed" | "refused", done: number, reason: string }} Going
 *
 * What the server answers to an upload.
 * @typedef {object} Uploaded
 * @property {string} file
 * @property {string} reference
 * @property {"image" | "voice" | "video" | "file"} kind
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [thumbnail]
 */

const REFERENCE = /^\/files\/(f[0-9a-z]{26})$/
const LARGEST = 240
const SMALLEST = { width: 88, height: 64 }
const MIDDLE = 24

/**
 * @param {string} type
 * @param {Record<string, unknown>} content
 * @returns {Media | null}
 */
export function mediaOf(type, content) {
  const text = (/** @type {string} */ name) => (typeof content[name] === "string" ? String(content[name]) : "")
  const count = (/** @type {string} */ name) => Math.max(0, Number(content[name]) || 0)
  const made = (
    /** @type {Media["kind"]} */ kind,
    /** @type {string} */ address,
    /** @type {string} */ thumb = "",
  ) => ({
    ...where(text(address)),
    kind,
    name: text("name") || (kind === "file" ? text("fileUrl").split("/").at(-1) || "file" : ""),
    size: count("size") || count("gifDataSize"),
    thumb,
    width: count("width"),
    height: count("height"),
    seconds: count("duration"),
    inline: "",
  })
  switch (type) {
    case "RC:ImgMsg":
      return made("image", "imageUri", text("content"))
    case "RC:GIFMsg":
      return made("image", "remoteUrl")
    case "RC:SightMsg":
      return made("video", "sightUrl", text("content"))
    case "RC:FileMsg":
      return made("file", "fileUrl")
    case "RC:HQVCMsg":
      return made("voice", "remoteUrl")
    case "RC:VcMsg":
      return { ...made("voice", ""), inline: text("content") }
    default:
      return null
  }
}

/**
 * A file of ours, or an address that a person may follow. Anything else leads nowhere.
 * @param {string} address
 */
function where(address) {
  const own = REFERENCE.exec(address)?.[1] ?? null
  return { file: own, href: !own && /^https?:\/\//i.test(address) ? address : "" }
}

/**
 * What is sent about a file that the server has taken in.
 * @param {Uploaded} uploaded
 * @param {number} [seconds] of sound
 * @returns {{ type: string, content: Record<string, unknown> }}
 */
export function messageOf({ kind, reference, name, size, width, height, thumbnail }, seconds = 0) {
  const ending = name.includes(".") ? (name.split(".").at(-1) ?? "") : ""
  switch (kind) {
    case "image":
      return {
        type: "RC:ImgMsg",
        content: { content: thumbnail ?? "", imageUri: reference, name, size, width, height },
      }
    case "voice":
      if (seconds > 0) {
        const content = { remoteUrl: reference, duration: Math.max(1, Math.round(seconds)), type: ending, name, size }
        return { type: "RC:HQVCMsg", content }
      }
      return { type: "RC:FileMsg", content: { name, size, type: ending, fileUrl: reference } }
    default:
      return { type: "RC:FileMsg", content: { name, size, type: ending, fileUrl: reference } }
  }
}

/**
 * What a list shows for it: a name where there is one, else what it is.
 * @param {Media} media
 * @param {(key: string) => string} say
 */
export function mediaWords({ kind, name }, say) {
  return kind === "file" && name ? name : say(`kind-${kind}`)
}

/**
 * The box a picture is shown in: its own shape, neither too large nor too small. Known before the picture is there,
 * so that nothing jumps.
 * @param {number} width
 * @param {number} height
 */
export function box(width, height) {
  if (!width || !height) return { width: 200, height: 150 }
  const scale = Math.min(1, LARGEST / width, LARGEST / height)
  return {
    width: Math.max(SMALLEST.width, Math.round(width * scale)),
    height: Math.max(SMALLEST.height, Math.round(height * scale)),
  }
}

/**
 * @param {number} bytes
 * @param {string} language
 */
export function sizeWords(bytes, language) {
  const [unit, part] = bytes < 1024 * 1024 ? ["KB", bytes / 1024] : ["MB", bytes / 1024 / 1024]
  const digits = unit === "MB" && part < 100 ? 1 : 0
  return `${Math.max(part, 0.1 ** digits).toLocaleString(language, { maximumFractionDigits: digits })} ${unit}`
}

/**
 * The ends of a long name; what stands at its end says what it is.
 * @param {string} name
 */
export function middle(name) {
  const letters = [...name]
  return letters.length <= MIDDLE ? name : `${letters.slice(0, 11).join("")}…${letters.slice(-10).join("")}`
}

/** @param {string} name @returns {string} at most four letters */
export function endingOf(name) {
  const ending = name.includes(".") ? (name.split(".").at(-1) ?? "") : ""
  return /^[\p{L}\p{N}]{1,4}$/u.test(ending) ? ending.toUpperCase() : ""
}

/** @param {number} seconds */
export function clockWords(seconds) {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}
