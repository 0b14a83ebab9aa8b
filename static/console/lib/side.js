/** @import { Person } from "../../shared/net/protocol.js" */

/**
 * Whether somebody asks the desk rather than answers for it: a visitor, or a user of the app.
 * @param {Person} person
 */
export function asks(person) {
  return person.role === "visitor" || person.role === "user"
}
