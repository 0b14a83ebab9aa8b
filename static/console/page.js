import { Strings } from "../shared/lib/strings.js"
import { Times } from "../shared/lib/time.js"

/** @import { Args, Table } from "../shared/lib/strings.js" */

/**
 * What the server wrote into the page.
 * @typedef {object} PageData
 * @property {string} page
 * @property {string} language
 * @property {Table} texts
 * @property {string | null} csrf the word that requests of this page carry
 * @property {any} data
 */

/** @type {PageData} */
export const page = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}")

export const strings = new Strings(page.texts ?? {}, page.language || "en")

/**
 * @param {string} key without `console-`
 * @param {Args} [args]
 */
export const t = (key, args) => strings.get(`console-${key}`, args)

/** The page's language as the reader's region writes it: times and numbers follow it. */
export const region =
  navigator.languages.find((tag) => tag.split("-")[0] === page.language?.split("-")[0]) ?? page.language ?? "en"

export const times = new Times(region, { today: t("today"), yesterday: t("yesterday") })
