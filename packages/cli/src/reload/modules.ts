import { digestOf } from './digest.ts'
import { fileURLToPath } from 'node:url'
import { readFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'

/** Reads modules by their `file:` URLs as they are now, where Node would give the one that it has already. */
export class ModuleReader {
  readonly #onRead: (file: string, text: string) => void

  constructor(onRead: (file: string, text: string) => void) {
    this.#onRead = onRead
  }

  /** The exports; `undefined` for what is no `file:` URL. Rejects with file and line where the module is broken. */
  import(specifier: string): Promise<unknown> | undefined {
    return specifier.startsWith('file:') ? this.#read(specifier) : undefined
  }

  async #read(url: string): Promise<unknown> {
    const path = fileURLToPath(url)
    const text = await readFile(path, 'utf8')
    this.#onRead(path, text)
    const revision = digestOf(text).slice(0, 16)
    try {
      const exports = (await import(`${url}?revision=${revision}`)) as Readonly<Record<string, unknown>>
      return Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, revised(value, revision)]))
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown
      const line = thrown instanceof SyntaxError ? await lineOf(text) : lineIn(thrown.stack, url)
      throw line === undefined ? thrown : new Error(`${path}:${line}: ${thrown.message}`, { cause: thrown })
    }
  }
}

/** Plugins of other code are other plugins, also where they call themselves the same and are configured the same. */
function revised(value: unknown, revision: string): unknown {
  if (isMade(value)) return withRevision(value, revision)
  if (typeof value !== 'function') return value
  const make = value as ((...args: unknown[]) => unknown) & { readonly provider?: (...args: unknown[]) => unknown }
  const factory = (...args: unknown[]): unknown => revised(make(...args), revision)
  const provider =
    typeof make.provider === 'function' ? { provider: (...args: unknown[]) => revised(make.provider!(...args), revision) } : {}
  return Object.assign(factory, { ...make }, provider)
}

interface Made {
  readonly identity: object
  setup(...args: unknown[]): unknown
}

function isMade(value: unknown): value is Made {
  if (typeof value !== 'object' || value === null) return false
  const { identity, setup } = value as Partial<Made>
  return typeof identity === 'object' && typeof setup === 'function'
}

function withRevision(made: Made, revision: string): Made {
  return { ...made, identity: { ...made.identity, revision }, setup: (...args) => made.setup(...args) }
}

/** Node does not tell where in a module a syntax error is; checking it does. */
async function lineOf(text: string): Promise<string | undefined> {
  const checking = spawn(process.execPath, ['--check', '--input-type=module'], { stdio: ['pipe', 'ignore', 'pipe'], timeout: 10_000 })
  let output = ''
  checking.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  // It may end before it has read everything.
  checking.stdin.on('error', () => checking.stdin.destroy())
  checking.stdin.end(text)
  await new Promise((done) => checking.once('close', done).once('error', done))
  return /^\S+:(\d+)\n/.exec(output)?.[1]
}

function lineIn(stack: string | undefined, url: string): string | undefined {
  const at = stack?.split('\n').find((line) => line.includes(`${url}?`))
  return at === undefined ? undefined : /:(\d+):\d+\)?$/.exec(at)?.[1]
}
