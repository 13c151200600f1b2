import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { argumentOf, findingTable, FORMAT, shownFindings, STRICT, wantsJson } from './findings.ts'
import { EXIT, Ending } from '../../exit.ts'
import { HELP } from '../../configuration.ts'
import { say } from '../../print.ts'
import type { Command } from '../command.ts'

/** `octopus farp validate` */
export const validate: Command = {
  name: 'farp validate',
  summary: 'Check a FARP manifest, in a file or at a URL.',
  details:
    'Prints every finding with its severity, its place as a JSON pointer, and the rule. Nothing that the manifest names is fetched; schemas inside\n' +
    'it are read, and their hashes verified. A URL may be the service alone: /_farp/manifest is asked for.\n' +
    'Ends with 1 when a gateway would refuse the manifest.',
  argument: 'FILE or URL',
  options: { strict: STRICT, format: FORMAT, help: HELP },
  async run(args, io) {
    const json = wantsJson(args)
    const place = argumentOf(args, 'FILE or URL')
    const mode = args.options.strict === undefined ? 'lenient' : 'strict'
    const farp = await import('@octopus-gateway/farp')
    const content = /^https?:\/\//i.test(place) ? await farp.fetchManifestBytes(place) : await read(resolve(io.cwd, place))
    const examined = await farp.examineManifest(content, { mode, newerMinor: true })
    const findings = shownFindings(examined.findings)
    const isValid = examined.manifest !== undefined
    if (json) say(io, JSON.stringify({ valid: isValid, mode, findings }, null, 2))
    else say(io, [...(findings.length === 0 ? [] : [findingTable(findings)]), verdict(examined.manifest, findings.length)].join('\n'))
    return isValid ? EXIT.ok : EXIT.failure
  },
}

/** A manifest is at most 1 MiB; of a larger file, nothing is read. */
async function read(path: string): Promise<Uint8Array> {
  const { size } = await stat(path)
  if (size > 1_048_576) throw new Ending(EXIT.failure, `octopus: ${path} is larger than 1 MiB, which no manifest may be`)
  return readFile(path)
}

function verdict(manifest: { readonly serviceName: string; readonly schemas: readonly unknown[] } | undefined, count: number): string {
  const findings = `${count} ${count === 1 ? 'finding' : 'findings'}`
  if (manifest === undefined) return `REFUSED: ${findings}`
  const { length } = manifest.schemas
  return `OK: service ${manifest.serviceName}, ${length} ${length === 1 ? 'schema' : 'schemas'}, ${findings}`
}
