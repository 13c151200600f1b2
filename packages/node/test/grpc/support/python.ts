import { CallFailed } from './notes.ts'
import { createInterface } from 'node:readline'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { Program } from '../../../../../tests/support/process.ts'
import { join } from 'node:path'
import { testCertificates } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import type { Kind, Note, NotesClient, NotesServer } from './notes.ts'

const HERE = import.meta.dirname

/** A server of grpcio that ends with the test. */
export async function pythonServer(python: string, { tls }: { readonly tls: boolean }): Promise<NotesServer> {
  const { server } = testCertificates()
  const program = run(python, 'notes_server.py', tls ? [file('key.pem', server.key), file('cert.pem', server.cert)] : [])
  await program.printed('port ')
  const port = /port (\d+)/.exec(program.output)![1]!
  const ask = setInterval(() => program.child.stdin?.write('\n'), 50)
  onTestFinished(() => clearInterval(ask))
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    hanging: () => Number(/hanging (\d+) cancelled \d+\s*$/.exec(program.output)?.[1] ?? 0),
    cancelled: () => Number(/cancelled (\d+)\s*$/.exec(program.output)?.[1] ?? 0),
  }
}

interface Told {
  readonly code: number
  readonly details: string
  readonly notes: readonly Note[]
  readonly head: readonly (readonly [string, string])[]
  readonly trailers: readonly (readonly [string, string])[]
}

/** A client of grpcio that ends with the test. */
export function pythonClient(python: string, origin: string): NotesClient {
  const { host, protocol } = new URL(origin)
  const program = run(python, 'notes_client.py', [host, ...(protocol === 'https:' ? [file('ca.pem', testCertificates().ca)] : [])])
  const lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  const ask = (asked: object): Promise<Told> => {
    const told = last.then(async () => {
      program.child.stdin!.write(`${JSON.stringify(asked)}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error(program.output)
      return JSON.parse(line.value) as Told
    })
    last = told
    return told
  }
  return {
    async call(kind: Kind, notes, options = {}) {
      const fields = (options.fields ?? []).map(([name, value]) => [name, typeof value === 'string' ? value : value.toString('base64')])
      // The client runs elsewhere: a signal stands for a cancel after a while.
      const cancelAfterMs = options.signal === undefined ? undefined : 1_000
      const told = await ask({ kind, notes, fields, deadlineMs: options.deadlineMs, cancelAfterMs })
      const trailer = reader(told.trailers)
      if (told.code !== 0) throw new CallFailed(told.code, told.details, told.notes, trailer)
      return { notes: told.notes, head: reader(told.head), trailer }
    },
    async converse(notes) {
      return (await ask({ kind: 'Bidi', notes, fields: [] })).notes
    },
    close() {
      program.child.stdin!.end()
    },
  }
}

function run(python: string, script: string, args: readonly string[]): Program {
  const program = new Program(python, ['-u', join(HERE, script), ...args], { PYTHONDONTWRITEBYTECODE: '1' })
  onTestFinished(() => program[Symbol.asyncDispose]())
  return program
}

function file(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-grpc-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function reader(fields: readonly (readonly [string, string])[]): (name: string) => readonly string[] {
  return (name) => fields.filter(([field]) => field === name).map(([, value]) => value)
}
