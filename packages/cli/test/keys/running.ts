import { ask, type SecureAsk } from './https.ts'
import { Cli } from '../harness.ts'
import { waitFor } from '@octopus-gateway/testing'

/** The listeners of tests: loopback, any free port. Every file of a test is laid over it. */
const BASE = 'server: { http_port: 0, host: 127.0.0.1, admin_port: 0 }\n'

/** How a gateway is started. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The file under the one of the test. */
  readonly base?: string
  /** More files, beside the one of the test: modules, certificates. */
  readonly files?: Readonly<Record<string, string>>
  /** The certificate that the admin listener is shown, where it asks for one. */
  readonly client?: Pick<SecureAsk, 'cert' | 'key'>
}

/** A log line. */
export type Line = Readonly<Record<string, unknown>>

/** `octopus -c` in this process, from files, with all its listeners open. */
export interface Running extends AsyncDisposable {
  readonly cli: Cli
  readonly url: string
  readonly port: number
  /** The port of the TLS listener, or `null`. */
  readonly tlsPort: number | null
  /** The origin of the admin listener, or `null`. */
  readonly admin: string | null
  readonly lines: readonly Line[]
  /** JSON from the traffic listener, whatever the status. */
  json(path: string, init?: RequestInit): Promise<Line>
  status(path: string, init?: RequestInit): Promise<number>
  /** JSON of the admin API. */
  view(path: '/_/routes' | '/_/services' | '/_/upstreams'): Promise<View>
}

/** What the admin API tells, as far as tests read it. */
export interface View {
  readonly routes: readonly Line[]
  readonly services: readonly (Line & { readonly instances: readonly Line[]; readonly findings: readonly { readonly code: string }[] })[]
  readonly upstreams: readonly (Line & { readonly endpoints: readonly Line[] })[]
}

/** Starts a gateway from YAML and waits until it listens and, as far as the admin API tells, discovery has reported. Stopped at the end of its block; then it must have ended with 0. */
export async function running(yaml: string, { env = {}, base = BASE, files = {}, client = {} }: RunOptions = {}): Promise<Running> {
  const cli = new Cli()
  for (const [name, text] of Object.entries(files)) cli.file(name, text)
  cli.file('base.yaml', base)
  cli.file('octopus.yaml', yaml)
  let code: number | undefined
  const ended = cli.run(['-c', 'base.yaml', '-c', 'octopus.yaml'], { env }).then((value) => (code = value))
  const lines = (): Line[] => jsonLines(cli.out)
  const started = await waitFor(() => code !== undefined || lines().find((line) => line.message === 'gateway started'), { timeout: 10_000 })
  if (started === true) throw new Error(`octopus ended with ${code}: ${cli.err}`)
  const { url, tls, admin } = started as { readonly url: string; readonly tls: string | null; readonly admin: string | null }
  const told = async (path: string): Promise<unknown> => {
    const at = `${admin}${path}`
    return at.startsWith('https:') ? (await ask(at, client)).body : (await fetch(at)).json()
  }
  if (admin !== null) await waitFor(async () => ((await told('/_/health')) as { readonly synced: boolean }).synced)
  return {
    cli,
    url,
    admin,
    port: Number(new URL(url).port),
    tlsPort: tls === null ? null : Number(new URL(tls).port),
    get lines() {
      return lines()
    },
    json: async (path, init) => (await (await fetch(url + path, init)).json()) as Line,
    status: async (path, init) => {
      const response = await fetch(url + path, init)
      await response.arrayBuffer()
      return response.status
    },
    view: async (path) => (await told(path)) as View,
    async [Symbol.asyncDispose]() {
      cli.signal()
      await ended
      cli[Symbol.dispose]()
      if (code !== 0) throw new Error(`octopus ended with ${code}: ${cli.err}`)
    },
  }
}

function jsonLines(text: string): Line[] {
  // The last piece may be half a line.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
}

/** What a configuration that must not start says, and the exit code. */
export async function refused(
  yaml: string,
  { env = {}, base = BASE, files = {} }: RunOptions = {},
): Promise<{ readonly code: number; readonly err: string }> {
  using cli = new Cli()
  for (const [name, text] of Object.entries(files)) cli.file(name, text)
  cli.file('base.yaml', base)
  cli.file('octopus.yaml', yaml)
  const code = await cli.run(['-c', 'base.yaml', '-c', 'octopus.yaml'], { env })
  return { code, err: cli.err }
}
