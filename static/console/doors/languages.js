import { post } from "../net/api.js"

/** The links that change the language remember the choice; without this script they hold for one page. */
export function languageLinks() {
  for (const link of document.querySelectorAll("a[data-language]")) {
    link.addEventListener("click", async (event) => {
      event.preventDefault()
      await chooseLanguage(/** @type {HTMLElement} */ (link).dataset.language ?? "en")
    })
  }
}

/** @param {string} language */
export async function chooseLanguage(language) {
  try {
    await post("language", { language })
    location.reload()
  } catch {
    location.search = `?lang=${language}`
  }
}
