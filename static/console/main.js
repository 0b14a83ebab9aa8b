import { page } from "./page.js"
import { applyLook } from "./lib/look.js"
import { languageLinks } from "./doors/languages.js"
import "./doors/code.js"
import "./doors/login.js"
import "./doors/password.js"
import "./doors/setup.js"
import "./inbox/element.js"

applyLook()
// The page waits for this script before it paints, so its body may not be there yet.
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", languageLinks, { once: true })
else if (page) languageLinks()
