import assert from "node:assert/strict"
import { test } from "node:test"

import { isEmojiOnly } from "../../static/shared/lib/emoji.js"
import { pieces } from "../../static/shared/lib/linkify.js"
import { colourOf, initials } from "../../static/shared/lib/people.js"
import { Strings } from "../../static/shared/lib/strings.js"
import { Times } from "../../static/shared/lib/time.js"
import { TitleBadge } from "../../static/shared/lib/title.js"

/** @param {string} text */
const links = (text) => pieces(text).filter(({ href }) => href)
/** @param {string} text */
const hrefs = (text) => links(text).map(({ href }) => href)

test("a link ends before the sentence does", () => {
  assert.deepEqual(hrefs("See https://a.example/x?y=1#z."), ["https://a.example/x?y=1#z"])
  assert.deepEqual(hrefs("(https://a.example/wiki/Bowl_(dish))"), ["https://a.example/wiki/Bowl_(dish)"])
})

test("www, mail and phone become links", () => {
  assert.deepEqual(hrefs("www.a.example, nora@mail.example, +49 30 123456"), [
    "https://www.a.example/",
    "mailto:nora@mail.example",
    "tel:+4930123456",
  ])
})

test("nothing but http, https, mailto and tel becomes a link", () => {
  for (const text of [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "https://user:pw@a.example",
    "http://",
  ]) {
    assert.deepEqual(hrefs(text), [], text)
  }
})

test("the shown host is the real one", () => {
  assert.deepEqual(links("https://аpple.com/x"), [
    { text: "https://xn--pple-43d.com/x", href: "https://xn--pple-43d.com/x" },
  ])
})

test("no text is lost or changed by finding links", () => {
  for (const text of [
    "",
    "a",
    "a https://a.example b",
    "https://a.example",
    "<b>x</b> https://a.example/<script>",
    "你好https://a.example。再见",
  ]) {
    assert.equal(
      pieces(text)
        .map((piece) => piece.text)
        .join(""),
      text,
    )
  }
})

test("one to three emoji are large, text is not", () => {
  for (const text of ["👍", "👩🏽‍🚀 🎉", "🇩🇪❤️👍"]) assert.equal(isEmojiOnly(text), true, text)
  for (const text of ["", "ok", "1", "👍👍👍👍", "👍!"]) assert.equal(isEmojiOnly(text), false, text)
})

test("people keep their letters and colour", () => {
  assert.equal(initials("Nora Brandt"), "NB")
  assert.equal(initials("anna"), "A")
  assert.equal(initials("王小明"), "小明")
  assert.equal(initials(" "), "")
  assert.equal(colourOf(""), 0x811c9dc5 % 8)
  assert.equal(colourOf("a"), 0xe40c292c % 8)
})

test("texts fill in arguments and choose plural forms", () => {
  const strings = new Strings({ hi: "Hi {name}", new: { one: "{n} new message", other: "{n} new messages" } }, "en")
  assert.equal(strings.get("hi", { name: "$& {name}" }), "Hi $& {name}")
  assert.equal(strings.get("new", { n: 1 }), "1 new message")
  assert.equal(strings.get("new", { n: 1200 }), "1,200 new messages")
  assert.equal(strings.get("missing"), "missing")
})

test("days are named by the reader's calendar", () => {
  const times = new Times("en-GB", { today: "Today", yesterday: "Yesterday" }, "Europe/Berlin")
  const now = Date.parse("2026-11-22T14:00:00+01:00")
  assert.equal(times.day(Date.parse("2026-11-22T00:01:00+01:00"), now), "Today")
  assert.equal(times.day(Date.parse("2026-11-21T23:59:00+01:00"), now), "Yesterday")
  assert.equal(times.day(Date.parse("2026-11-18T12:00:00Z"), now), "Wednesday")
  assert.equal(times.day(Date.parse("2026-11-12T12:00:00Z"), now), "12 November")
  assert.equal(times.day(Date.parse("2025-11-12T12:00:00Z"), now), "12 November 2025")
  assert.equal(times.clock(now), "14:00")
  assert.equal(times.hour(now), 14)
})

test("req 7.3: an instant is written as the reader's language and clock do", () => {
  const at = Date.parse("2026-11-12T21:05:00Z")
  const words = { today: "", yesterday: "" }
  const written = (/** @type {string} */ language, /** @type {string} */ zone) => {
    const times = new Times(language, words, zone)
    return [times.clock(at), times.day(at, at + 30 * 86_400_000)]
  }
  assert.deepEqual(written("en-GB", "UTC"), ["21:05", "12 November"])
  assert.deepEqual(written("de", "Europe/Berlin"), ["22:05", "12. November"])
  assert.deepEqual(written("zh-CN", "Asia/Shanghai"), ["5:05", "11月13日"])
})

test("the title badge leaves the page's own title alone", () => {
  const page = /** @type {any} */ ({ title: "Shop" })
  const badge = new TitleBadge(page)
  badge.show(2)
  assert.equal(page.title, "(2) Shop")
  page.title = "Cart"
  badge.show(3)
  assert.equal(page.title, "(3) Cart")
  badge.show(0)
  assert.equal(page.title, "Cart")
})
