// Copies the documentation page's assets out of swagger-ui-dist into assets/, which ships with the package.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FILES = ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui.css', 'favicon-32x32.png', 'LICENSE', 'NOTICE']
const TO = fileURLToPath(new URL('../assets/', import.meta.url))

/** Copies what is missing or different. Several processes may do so at once: each file is put in place whole. */
export async function copyAssets() {
  const from = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  await mkdir(TO, { recursive: true })
  for (const name of FILES) {
    const wanted = withoutSourceMap(name, await readFile(join(from, name)))
    if (digest(wanted) === digest(await readIfThere(join(TO, name)))) continue
    const partial = join(TO, `.${name}.${process.pid}`)
    await writeFile(partial, wanted)
    await rename(partial, join(TO, name))
  }
}

/** Source maps do not ship: a link to one would only make developer tools ask for a file that is not there. */
function withoutSourceMap(name, bytes) {
  if (!/\.(?:js|css)$/.test(name)) return bytes
  return Buffer.from(bytes.toString().replace(/\n?\/(?:\/|\*)# sourceMappingURL=\S+(?: ?\*\/)?\s*$/, '\n'))
}

async function readIfThere(path) {
  try {
    return await readFile(path)
  } catch (error) {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await copyAssets()
