import { page } from "../page.js"

/** A request that did not work; `code` is one of the server's table, or `unreachable`. */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {number} [retryAfter] seconds
   */
  constructor(code, message, retryAfter = 0) {
    super(message)
    this.name = "ApiError"
    this.code = code
    this.retryAfter = retryAfter
  }
}

/**
 * Asks for a state change (JSON, with the page's word).
 * @param {string} path below /console/api/
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function post(path, body = {}) {
  let answer
  try {
    answer = await fetch(`/console/api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": page.csrf ?? "" },
      body: JSON.stringify(body),
      credentials: "same-origin",
    })
  } catch {
    throw new ApiError("unreachable", "")
  }
  const data = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new ApiError(data.error?.code ?? "internal", data.error?.message ?? "", data.error?.retry_after)
  return data
}
