/** Light or dark, rail or sidebar, panel or not: remembered on this device, on the root before the first paint. */
import { device } from "./keep.js"

const root = document.documentElement
const WIDE = matchMedia("(width >= 1400px)")

/** Puts everything remembered on the root, and keeps it right when the window changes. */
export function applyLook() {
  applyTheme()
  applySidebar()
  if (device.get("parlor.panel") === "closed") root.dataset.panel = "closed"
  WIDE.addEventListener("change", applySidebar)
}

/** @returns {string} `system`, `light` or `dark` */
export function theme() {
  return device.get("parlor.theme") ?? "system"
}

/** @param {string} theme */
export function setTheme(theme) {
  device.set("parlor.theme", theme === "system" ? null : theme)
  applyTheme()
}

function applyTheme() {
  const chosen = theme()
  if (chosen === "system") delete root.dataset.theme
  else root.dataset.theme = chosen
}

/** @returns {boolean} */
export function isRail() {
  return root.dataset.sidebar === "rail"
}

/** The other way, until chosen again. */
export function toggleSidebar() {
  device.set("parlor.sidebar", isRail() ? "wide" : "rail")
  applySidebar()
}

function applySidebar() {
  root.dataset.sidebar = device.get("parlor.sidebar") ?? (WIDE.matches ? "wide" : "rail")
}

/** @returns {boolean} whether the visitor's panel is a drawer over the conversation now */
export function isDrawer() {
  return matchMedia("(width < 1200px)").matches
}

/** @returns {boolean} */
export function isPhone() {
  return matchMedia("(width < 720px)").matches
}

/** @returns {boolean} */
export function isPanelOpen() {
  return isDrawer() ? root.dataset.drawer === "open" : root.dataset.panel !== "closed"
}

/** @param {boolean} open */
export function openPanel(open) {
  if (isDrawer()) {
    root.dataset.drawer = open ? "open" : "closed"
    return
  }
  root.dataset.panel = open ? "open" : "closed"
  device.set("parlor.panel", open ? null : "closed")
}
