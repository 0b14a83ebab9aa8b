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

export const times = new Times(page.language || "en", { today: t("today"), yesterday: t("yesterday") })
