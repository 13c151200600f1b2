import { argumentOf, FORMAT, printable, secondOf, wantsJson } from './findings.ts'
import { changeTable, countsOf } from './changes.ts'
import { EXIT, Ending } from '../../exit.ts'
import { HELP } from '../../configuration.ts'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { say } from '../../print.ts'
import { usageError, type Arguments } from '../../arguments.ts'
import type { Command } from '../command.ts'
import type { Io } from '../../io.ts'

/** `octopus farp diff` */
export const diff: Command = {
  name: 'farp diff',
  summary: 'Tell what a new version of an API document breaks for clients of the old one.',
  details:
    'OLD and NEW are files or URLs: OpenAPI, AsyncAPI, GraphQL, protobuf descriptor sets or oRPC. Every change is breaking, unknown (nobody can tell\n' +
    'from the documents) or safe. Ends with 1 when something breaks, with 2 when a document cannot be read: for CI. Nothing has to run for it.',
  argument: 'OLD',
  second: 'NEW',
  options: {
    'fail-on': {
      type: 'string',
      value: 'WHAT',
      description: 'What ends with 1: breaking (default), unknown (breaking as well), or nothing.',
    },
    type: {
      type: 'string',
      value: 'TYPE',
      description: 'The language, where the documents do not tell: openapi, asyncapi, graphql, grpc, orpc…',
    },
    all: { type: 'boolean', description: 'Print safe changes as well.' },
    format: FORMAT,
    help: HELP,
  },
  async run(args, io) {
    const json = wantsJson(args)
    const bar = barOf(args)
    const [old, now] = [argumentOf(args, 'OLD'), secondOf(args, 'NEW')]
    const farp = await import('@octopus-gateway/farp')
    const [before, after] = [await read(old, args, io), await read(now, args, io)]
    if (before.kind !== after.kind)
      throw new Ending(EXIT.usage, `octopus: ${old} is ${before.kind}, ${now} is ${after.kind}: they cannot be compared`)
    const found = await farp.compareContracts(before.kind, before.document, after.document)
    const fails = (bar !== 'nothing' && found.effect === 'breaking') || (bar === 'unknown' && found.effect === 'unknown')
    if (json) say(io, JSON.stringify({ compatible: !fails, ...found }, null, 2))
    else {
      const shown = found.changes.filter(({ effect }) => effect !== 'safe' || args.options.all !== undefined)
      const word = { breaking: 'BREAKING', unknown: 'UNKNOWN', safe: 'OK' }[found.effect]
      const more = found.omitted > 0 ? `; ${found.omitted} of them are not listed` : ''
      say(io, printable([...(shown.length === 0 ? [] : [changeTable(shown)]), `${word}: ${countsOf(found.counts)}${more}`].join('\n')))
    }
    return fails ? EXIT.failure : EXIT.ok
  },
}

const BARS = ['breaking', 'unknown', 'nothing'] as const

function barOf(args: Arguments): (typeof BARS)[number] {
  const text = args.options['fail-on']?.[0] ?? 'breaking'
  const bar = BARS.find((one) => one === text)
  if (bar === undefined) throw usageError(`--fail-on must be ${BARS.join(', ')}, not "${text}"`, args.command)
  return bar
}

const MOST_BYTES = 10_485_760

async function read(place: string, args: Arguments, io: Io) {
  const farp = await import('@octopus-gateway/farp')
  const type = args.options.type?.[0]
  if (type !== undefined && !farp.isContractKind(type)) throw usageError(`--type does not know "${type}"`, args.command)
  try {
    const isUrl = /^https?:\/\//i.test(place)
    const bytes = isUrl ? await farp.fetchContractBytes(place) : await fileAt(resolve(io.cwd, place))
    return await farp.readContract(bytes, type)
  } catch (error) {
    // Not a verdict: whatever it is, nothing was compared.
    throw new Ending(
      EXIT.usage,
      `octopus: ${printable(`${place} cannot be read: ${error instanceof Error ? error.message : String(error)}`)}`,
    )
  }
}

async function fileAt(path: string): Promise<Uint8Array> {
  const { size } = await stat(path)
  if (size > MOST_BYTES) throw new RangeError('it is larger than 10 MiB')
  return readFile(path)
}
