import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

// node check-openapi.mjs <checkout> <url> <path prefix>...: the document is valid OpenAPI 3.1 and holds paths of every prefix.
const [checkout, url, ...prefixes] = process.argv.slice(2)
const resolve = createRequire(`${checkout}/package.json`).resolve
const { Validator } = await import(pathToFileURL(resolve('@seriousme/openapi-schema-validator')).href)

const document = await (await fetch(url)).json()
const paths = Object.keys(document.paths)
const missing = prefixes.filter((prefix) => !paths.some((path) => path.startsWith(prefix)))
if (missing.length > 0) throw new Error(`no path starts with ${missing.join(', ')}: ${paths.join(' ')}`)
if (!document.openapi.startsWith('3.1.')) throw new Error(`openapi is ${document.openapi}`)
const result = await new Validator().validate(document)
if (!result.valid) throw new Error(`not a valid document: ${JSON.stringify(result.errors).slice(0, 2_000)}`)
console.log(`${paths.length} paths, valid OpenAPI ${document.openapi}`)
