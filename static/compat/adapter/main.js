import { register } from "./angular.js"
import { customerService } from "./desk.js"
import { webIMWidget } from "./widget.js"
import { wordsOf } from "./words.js"

/**
 * The names of the original widget over our own frames. A page changes the address of its script, its App Key and how it
 * gets tokens; its other code stays. The server wraps this file in a function whose argument is the configuration.
 */

/** @type {{ origin: string, words: Record<string, import("./words.js").Table> }} */
// @ts-expect-error
const config = PARLOR

const page = /** @type {any} */ (window)

if (!page.WebIMWidget?.isParlor) {
  const by = { origin: config.origin, words: wordsOf(config.words) }
  const WebIMWidget = webIMWidget(by)
  const RongCustomerService = customerService(by)
  const services = { WebIMWidget, RongCustomerService, RongKefu: RongCustomerService }
  // Loaded twice, there is one.
  Object.defineProperty(WebIMWidget, "isParlor", { value: true })
  Object.assign(page, services)
  if (page.angular) register(page.angular, services)
  // Before AngularJS looks for its applications.
  else
    addEventListener("DOMContentLoaded", () => page.angular && register(page.angular, services), {
      capture: true,
      once: true,
    })
}
