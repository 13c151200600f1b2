import { describe, expect, it, onTestFinished } from 'vitest'
import { DETAILS, SERVICE } from './support/notes.ts'
import { grpcJsServer } from './support/grpc-js.ts'
import { join } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Program } from '../../../../tests/support/process.ts'
import { testCertificates } from '@octopus-gateway/testing'
import { through } from './support/way.ts'
import { tmpdir } from 'node:os'

const BUF = join(import.meta.dirname, '../../node_modules/@bufbuild/buf/bin/buf')
const SCHEMA = join(import.meta.dirname, 'support/notes.proto')

interface Printed {
  readonly code: number | null
  readonly output: string
  /** The messages, one JSON text after another. */
  readonly notes: readonly object[]
}

describe.each([
  ['h2c', false],
  ['TLS', true],
])('buf curl over %s', (_name, tls) => {
  async function start(): Promise<(method: string, notes: readonly object[], ...more: string[]) => Promise<Printed>> {
    const { origin } = await through(await grpcJsServer({ tls }), { tls })
    const folder = mkdtempSync(join(tmpdir(), 'octopus-buf-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, testCertificates().ca)
    const way = tls ? ['--cacert', ca] : ['--http2-prior-knowledge']
    return async (method, notes, ...more) => {
      const data = notes.map((note) => JSON.stringify(note)).join('')
      const program = Program.node(
        BUF,
        ['curl', '--protocol', 'grpc', '--schema', SCHEMA, ...way, ...more, '--data', data, `${origin}/${SERVICE}/${method}`],
        {
          BUF_CACHE_DIR: folder,
        },
      )
      const code = await program.exited()
      const { output } = program
      return { code, output, notes: code === 0 ? (JSON.parse(`[${output.trim().replaceAll(/\}\s*\{/g, '},{')}]`) as object[]) : [] }
    }
  }

  it('[R28] calls in all four kinds', async () => {
    const curl = await start()
    expect((await curl('Unary', [{ text: 'world', count: 1 }])).notes).toEqual([{ text: 'hello world', count: 2 }])
    expect((await curl('ServerStream', [{ text: 'you', count: 2 }])).notes).toEqual([
      { text: 'hello you', count: 1 },
      { text: 'hello you', count: 2 },
    ])
    expect((await curl('ClientStream', [{ text: 'a' }, { text: 'b' }])).notes).toEqual([{ text: 'a,b', count: 2 }])
    expect((await curl('Bidi', [{ text: 'a' }, { text: 'b' }])).notes).toEqual([
      { text: 'hello a', count: 1 },
      { text: 'hello b', count: 1 },
    ])
  })

  it('[R28] is told of a failure', async () => {
    const curl = await start()
    const failed = await curl('Unary', [{ text: 'world' }], '--header', 'x-fail: 5')
    expect(failed.code).not.toBe(0)
    expect(failed.output).toContain('not_found')
    expect(failed.output).toContain(DETAILS)
  })
})
