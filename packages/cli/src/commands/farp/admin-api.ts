import { ask, reasonOf, type Question } from './ask.ts'
import { CONFIG, configurationOf } from '../../configuration.ts'
import { EXIT, Ending } from '../../exit.ts'
import { printable } from './findings.ts'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { usageError, type Arguments, type OptionSpec } from '../../arguments.ts'
import type { Io } from '../../io.ts'

/** Where the admin API of a running gateway is, and who asks. */
export const ADMIN_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  config: { ...CONFIG, description: 'The configuration of the gateway: tells where its admin listener is.' },
  'admin-url': {
    type: 'string',
    value: 'URL',
    description: 'The admin listener, in place of what the configuration says: http://127.0.0.1:9090.',
  },
  ca: {
    type: 'string',
    value: 'FILE',
    description:
      'Who may have signed the certificate of a listener with HTTPS (PEM). Default: those that Node knows, and NODE_EXTRA_CA_CERTS.',
  },
  cert: { type: 'string', value: 'FILE', description: 'The client certificate, where the listener asks for one (PEM).' },
  key: { type: 'string', value: 'FILE', description: 'The private key of --cert (PEM).' },
  user: {
    type: 'string',
    value: 'NAME',
    description: 'Who asks. Default: OCTOPUS_ADMIN_USER. The password is taken from OCTOPUS_ADMIN_PASSWORD.',
  },
}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000
const MOST_BYTES = 16_000_000

/** Asks the admin API below `/_farp/contracts`. Throws an `Ending` when it does not answer, or refuses. */
export async function askContracts(
  path: string,
  { args, io, body }: { readonly args: Arguments; readonly io: Io; readonly body?: object },
): Promise<unknown> {
  const url = new URL(`_farp/contracts${path}`, await baseOf(args, io))
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...credentials(args, io),
  }
  const tls = await pemOf(args, io)
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const { status, text } = await ask(url, { headers, ...json, tls, patience: PATIENCE, most: MOST_BYTES }).catch((error: unknown) => {
    throw new Ending(
      EXIT.failure,
      `octopus: the admin listener at ${url.origin} does not answer: ${printable(reasonOf(error, { url, tls }))}`,
    )
  })
  const value = parsed(text)
  if (status >= 200 && status < 300 && value !== undefined) return value
  throw new Ending(EXIT.failure, `octopus: ${printable(refusalOf(status, value))}`)
}

/** What the files of the options hold. */
async function pemOf({ options, command }: Arguments, { cwd }: Io): Promise<Question['tls']> {
  if ((options['cert'] === undefined) !== (options['key'] === undefined))
    throw usageError('--cert and --key belong together: a certificate and its private key', command)
  const named = (['ca', 'cert', 'key'] as const).flatMap((name) => (options[name] ?? []).map((file) => [name, resolve(cwd, file)] as const))
  const read = named.map(async ([name, file]) => [name, await textOf(file, `--${name}`)] as const)
  return Object.fromEntries(await Promise.all(read))
}

async function textOf(file: string, option: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Ending(EXIT.failure, `octopus: the file of ${option} cannot be read: ${(error as Error).message}`)
  })
  if (!text.includes('-----BEGIN ')) throw new Ending(EXIT.failure, `octopus: the file of ${option} holds nothing in PEM form: ${file}`)
  return text
}

async function baseOf(args: Arguments, io: Io): Promise<URL> {
  const given = args.options['admin-url']?.[0]
  if (given !== undefined) {
    const url = URL.canParse(given) ? new URL(given) : undefined
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
      throw usageError('--admin-url must be an http or https URL without credentials', args.command)
    return new URL(url.href.endsWith('/') ? url.href : `${url.href}/`)
  }
  const { admin } = await configurationOf(args, io)
  if (!admin.enabled) throw new Ending(EXIT.failure, 'octopus: admin.enabled is false there: decisions are made through the admin listener')
  if (admin.port === 0) throw usageError('the admin listener has any free port; --admin-url says which', args.command)
  const isAny = admin.host === '0.0.0.0' || admin.host === '::'
  const host = isAny ? '127.0.0.1' : admin.host.includes(':') ? `[${admin.host}]` : admin.host
  return new URL(`${admin.tls === undefined ? 'http' : 'https'}://${host}:${admin.port}/`)
}

/** A password on the command line is read by everybody who lists processes: it comes from the environment. */
function credentials(args: Arguments, { env }: Io): Record<string, string> {
  const user = args.options.user?.[0] ?? env['OCTOPUS_ADMIN_USER']
  const password = env['OCTOPUS_ADMIN_PASSWORD']
  if (user === undefined && password === undefined) return {}
  if (user === undefined || password === undefined)
    throw usageError(user === undefined ? '--user is missing' : 'OCTOPUS_ADMIN_PASSWORD is missing in the environment', args.command)
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever answered is not the admin API; the caller says so.
    return undefined
  }
}

function refusalOf(status: number, value: unknown): string {
  if (status === 401) return 'the admin listener wants a user and a password: --user and OCTOPUS_ADMIN_PASSWORD'
  const title = (value as { readonly title?: unknown } | undefined | null)?.title
  if (typeof title === 'string') return title
  return `the admin listener answers ${status}: is it one, and is FARP on?`
}
