// Finds what a person using assistive technology would find: visible elements by role and name.
// Runs as the body of a function in any engine; arguments: role, kind of match, wanted name, name of the part to look in.
const [role, match, wanted, within] = arguments

const ROLES = {
  A: (e) => e.hasAttribute('href') && 'link',
  ARTICLE: () => 'article',
  ASIDE: () => 'complementary',
  BUTTON: () => 'button',
  DIALOG: () => 'dialog',
  FIELDSET: () => 'group',
  FORM: (e) => named(e) && 'form',
  H1: () => 'heading',
  H2: () => 'heading',
  H3: () => 'heading',
  IFRAME: () => 'iframe',
  IMG: (e) => e.getAttribute('alt') !== '' && 'img',
  INPUT: (e) => INPUTS[e.type] ?? 'textbox',
  LI: () => 'listitem',
  MAIN: () => 'main',
  NAV: () => 'navigation',
  OL: () => 'list',
  OUTPUT: () => 'status',
  PROGRESS: () => 'progressbar',
  SECTION: (e) => named(e) && 'region',
  SELECT: () => 'combobox',
  SUMMARY: () => 'button',
  TABLE: () => 'table',
  TEXTAREA: () => 'textbox',
  UL: () => 'list',
}
const INPUTS = {
  button: 'button', submit: 'button', reset: 'button', checkbox: 'checkbox', radio: 'radio', range: 'slider',
  search: 'searchbox', number: 'spinbutton', hidden: null, file: null,
}
/** Roles whose own words are their name. */
const SPEAKING = new Set(['button', 'link', 'heading', 'tab', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'checkbox', 'switch', 'cell', 'row'])

const named = (e) => e.hasAttribute('aria-label') || e.hasAttribute('aria-labelledby')
const tidy = (text) => (text ?? '').replace(/[\u2066-\u2069\u200e\u200f]/g, '').replace(/\s+/g, ' ').trim()

function roleOf(e) {
  const given = e.getAttribute('role') ?? e.role
  if (given) return given.trim().split(/\s+/)[0]
  return ROLES[e.tagName]?.(e) || null
}

/** The words inside, without what is hidden from everybody or from assistive technology. */
function words(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data
  if (node.nodeType !== Node.ELEMENT_NODE) return ''
  if (node.ariaHidden === 'true' || node.tagName === 'STYLE' || node.tagName === 'SCRIPT') return ''
  if (!node.checkVisibility({ visibilityProperty: true })) return ''
  if (node.ariaLabel) return node.ariaLabel
  if (node.tagName === 'IMG') return node.alt
  const inside = [...(node.shadowRoot ?? node).childNodes].map(words).join('')
  return getComputedStyle(node).display.startsWith('inline') ? inside : ` ${inside} `
}

function nameOf(e, itsRole) {
  const by = (e.getAttribute('aria-labelledby') ?? '').split(/\s+/).filter(Boolean)
  const parts = by.map((id) => e.getRootNode().getElementById(id)).filter(Boolean)
  if (parts.length) return tidy(parts.map((part) => part.ariaLabel || words(part) || part.textContent).join(' '))
  if (e.ariaLabel) return tidy(e.ariaLabel)
  if (e.labels?.length) return tidy([...e.labels].map(words).join(' '))
  if (e.tagName === 'FIELDSET') return tidy(e.querySelector(':scope > legend')?.textContent)
  if (e.tagName === 'IMG') return tidy(e.alt)
  if (e.tagName === 'INPUT' && INPUTS[e.type] === 'button') return tidy(e.value)
  return tidy(SPEAKING.has(itsRole) ? words(e) : '') || tidy(e.title) || tidy(e.placeholder)
}

/** Open to people: shown, and neither inert nor hidden from assistive technology. */
function open(e) {
  if (!e.checkVisibility({ visibilityProperty: true })) return false
  for (let at = e; at; at = at.parentElement ?? at.getRootNode().host) {
    if (at.inert || at.ariaHidden === 'true') return false
  }
  return true
}

function* everything(root) {
  for (const e of root.querySelectorAll('*')) {
    yield e
    if (e.shadowRoot) yield* everything(e.shadowRoot)
  }
}

const fits = (name) =>
  match === 'any' || (match === 'is' ? name === wanted : match === 'starts' ? name.startsWith(wanted) : name.includes(wanted))

function* search(root) {
  for (const e of everything(root)) {
    const itsRole = roleOf(e)
    if (itsRole !== role || !open(e)) continue
    const name = nameOf(e, itsRole)
    if (fits(name)) yield { element: e, name, text: tidy([...e.childNodes].map(words).join('')), states: statesOf(e) }
  }
}

function statesOf(e) {
  const states = {}
  for (const { name, value } of e.attributes) if (name.startsWith('aria-')) states[name.slice(5)] = value
  if ('value' in e) states.value = e.value
  if (e.getRootNode().activeElement === e) states.focused = 'true'
  if (e.checked) states.checked = 'true'
  const { x, y, width, height } = e.getBoundingClientRect()
  return { ...states, box: [x, y, width, height].map(Math.round) }
}

const part = within ? [...everything(document)].find((e) => nameOf(e, roleOf(e)) === within && open(e)) : document
return part ? [...search(part)] : []
