/** Two lines of speech; open, the same two strokes are a chevron. */
export function glyph() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.ariaHidden = "true"
  for (const line of ["M5.5 9.3h13", "M5.5 14.7h8"]) {
    const path = document.createElementNS(svg.namespaceURI, "path")
    path.setAttribute("d", line)
    svg.append(path)
  }
  return svg
}
