/** @import { Strings } from "../../shared/lib/strings.js" */

/** The words of the messages' buttons. @param {Strings} strings */
export function logWords(strings) {
  return {
    retry: strings.get("state-retry"),
    discard: strings.get("state-delete"),
    discardName: strings.get("a11y-delete"),
  }
}

/** What the composer says of a text that it does not send. @param {Strings} strings */
export function composerWords(strings) {
  return {
    empty: strings.get("comp-send-empty"),
    tooLong: (/** @type {number} */ n) => strings.get("comp-too-long", { n }),
  }
}
