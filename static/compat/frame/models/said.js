/** What a messenger says of contents that the widget of the desk does not know. Pure. */

/** @import { Strings } from "../../../shared/lib/strings.js" */
/** @import { Message } from "../../../shared/net/protocol.js" */

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "")

/** @param {unknown} value @returns {Record<string, unknown>} */
const object = (value) => (value && typeof value === "object" ? /** @type {Record<string, unknown>} */ (value) : {})

/**
 * @param {Message} message
 * @param {{ strings: Strings, name: (id: string) => string }} by
 * @returns {Message | null} the same in contents that are shown; null for what is not shown
 */
export function readable(message, by) {
  const { type, content } = message
  const words = (/** @type {string} */ said) => ({ ...message, type: "RC:TxtMsg", content: { content: said } })
  const note = (/** @type {string} */ said) => ({ ...message, type: "RC:InfoNtf", content: { message: said } })
  switch (type) {
    case "parlor:deleted":
      return null
    case "RC:ReferenceMsg":
      return words(text(content.content))
    case "RC:LBSMsg":
      return words(by.strings.get("compat-place", { name: text(content.poi) }))
    case "RC:GrpNtf":
      return note(groupNote(content, by))
    case "RC:DizNtf":
      return note(discussionNote(content, message, by))
    default:
      return message
  }
}

/**
 * @param {Record<string, unknown>} content
 * @param {{ strings: Strings, name: (id: string) => string }} by
 */
function groupNote(content, { strings, name }) {
  const data = object(content.data)
  const ids = Array.isArray(data.targetUserIds) ? data.targetUserIds.map(String) : []
  const shown = Array.isArray(data.targetUserDisplayNames) ? data.targetUserDisplayNames.map(String) : []
  const who = text(content.operatorUserId)
  const known = { name: name(who) || text(data.operatorNickname) || who, group: text(data.targetGroupName) }
  const others = strings.list(ids.map((id, at) => name(id) || shown[at] || id))
  switch (content.operation) {
    case "Create":
      return strings.get("compat-group-create", known)
    case "Add":
      return strings.get("compat-group-add", { ...known, others })
    case "Quit":
      return strings.get("compat-group-quit", known)
    case "Kicked":
      return strings.get("compat-group-kick", { ...known, others })
    case "Rename":
      return strings.get("compat-group-rename", known)
    case "Dismiss":
      return strings.get("compat-group-dismiss", known)
    default:
      return text(content.message) || strings.get("compat-group-other")
  }
}

/**
 * @param {Record<string, unknown>} content
 * @param {Message} message
 * @param {{ strings: Strings, name: (id: string) => string }} by
 */
function discussionNote(content, { from }, { strings, name }) {
  const others = strings.list(
    text(content.extension)
      .split(",")
      .filter(Boolean)
      .map((id) => name(id) || id),
  )
  const who = { name: name(from.id) || from.name || from.id }
  switch (content.type) {
    case 1:
      return strings.get("compat-group-add", { ...who, others })
    case 2:
      return strings.get("compat-group-quit", who)
    case 3:
      return strings.get("compat-group-rename", { ...who, group: text(content.extension) })
    case 4:
      return strings.get("compat-group-kick", { ...who, others })
    default:
      return strings.get("compat-group-other")
  }
}
