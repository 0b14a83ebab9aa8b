// An S3 server for tests: `node server.js FOLDER PORT BUCKET [KEY CERTIFICATE]`, with TLS when those files are given. s3rver keeps the objects; it looks at the signatures of version
// 4 not closely enough, so they are checked here first.
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { readFileSync } from "node:fs"
import process from "node:process"
import S3rver from "s3rver"

const SECRETS = { S3RVER: "S3RVER" }
const [directory, port, bucket, ...secured] = process.argv.slice(2)
const [key, cert] = secured.map((file) => readFileSync(file))

/** @param {string} text */
const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
/** @param {string | Buffer} key @param {string} text */
const hmac = (key, text) => createHmac("sha256", key).update(text).digest()

/** The name of S3's error when a request is not signed as "Signature Version 4" says; nothing when it is. */
function fault({ method, url, headers }) {
  const signed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/((\d{8})\/([^/]+)\/s3\/aws4_request), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    )
  if (!signed) return "AccessDenied"
  const [, id, scope, day, region, names, signature] = signed
  if (!Object.hasOwn(SECRETS, id)) return "InvalidAccessKeyId"
  const [path, query = ""] = url.split("?")
  const pairs = query.split("&").filter(Boolean)
  const sorted = pairs.map((pair) => pair.split("=").map((part) => encode(decodeURIComponent(part))))
  const canonical = [
    method,
    path,
    sorted
      .map(([name, value = ""]) => `${name}=${value}`)
      .sort()
      .join("&"),
    ...names.split(";").map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, " ")}`),
    "",
    names,
    headers["x-amz-content-sha256"],
  ].join("\n")
  const digest = createHash("sha256").update(canonical).digest("hex")
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest].join("\n")
  const key = [day, region, "s3", "aws4_request"].reduce(hmac, `AWS4${SECRETS[id]}`)
  const good = timingSafeEqual(hmac(key, text), Buffer.from(signature, "hex"))
  const late =
    Math.abs(Date.now() - Date.parse(headers["x-amz-date"].replace(/(....)(..)(..T..)(..)/, "$1-$2-$3:$4:"))) > 9e5
  if (!good) return "SignatureDoesNotMatch"
  return late ? "RequestTimeTooSkewed" : undefined
}

const server = new S3rver({
  directory,
  port: Number(port),
  address: "127.0.0.1",
  silent: true,
  key,
  cert,
  configureBuckets: [{ name: bucket }],
})
server.middleware.unshift((context, next) => {
  const code = fault(context.req)
  if (!code) return next()
  context.status = 403
  context.type = "application/xml"
  context.body = `<Error><Code>${code}</Code><Message>no</Message></Error>`
})
const address = await server.run()
process.stdout.write(`listening on ${address.port}\n`)
