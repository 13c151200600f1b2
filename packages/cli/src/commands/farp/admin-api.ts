import { CONFIG, configurationOf } from '../../configuration.ts'
import { EXIT, Ending } from '../../exit.ts'
import { printable } from './findings.ts'
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
  user: {
    type: 'string',
    value: 'NAME',
    description: 'Who asks. Default: OCTOPUS_ADMIN_USER. The password is taken from OCTOPUS_ADMIN_PASSWORD.',
  },
}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 15_000
const MOST_CHARACTERS = 16_000_000

/** Asks the admin API below `/_farp/contracts`. Throws an `Ending` when it does not answer, or refuses. */
export async function askContracts(
  path: string,
  { args, io, body }: { readonly args: Arguments; readonly io: Io; readonly body?: object },
): Promise<unknown> {
  const url = new URL(`_farp/contracts${path}`, await baseOf(args, io))
  const authorization = credentials(args, io)
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...authorization,
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    text = await response.text()
  } catch (error) {
    throw new Ending(EXIT.failure, `octopus: the admin listener at ${url.origin} does not answer: ${reasonOf(error)}`)
  }
  if (text.length > MOST_CHARACTERS)
    throw new Ending(EXIT.failure, `octopus: the admin listener at ${url.origin} says more than can be read`)
  const value = parsed(text)
  if (response.ok && value !== undefined) return value
  throw new Ending(EXIT.failure, `octopus: ${printable(refusalOf(response.status, value))}`)
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
  return new URL(`http://${host}:${admin.port}/`)
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

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
