import { labelOf, MERGE_OPTIONS, Report } from '../merged.ts'
import { messageOf } from '../../text.ts'
import { ownObject, ownText, table } from '../../json.ts'
import { takePart } from '../select.ts'
import type { FederatedService } from '../input.ts'
import type { JsonObject } from '../../json.ts'
import type { Merged, MergeOptions } from '../merged.ts'

/**
 * All services' GraphQL schemas as documentation: `{ services: [{ name, version, paths, sdl, federation? }], sdl }`, where the last is one text with
 * every service under its name. Nothing is composed: a query still goes to one service. What services say of federation is handed on.
 */
export async function mergeGraphql(services: readonly FederatedService[], options: MergeOptions = MERGE_OPTIONS): Promise<Merged> {
  const { combine } = await import('./combine.ts')
  const report = new Report()
  const parts = takePart(services, report, { options, unusable }).filter((service) => {
    try {
      combine([{ service, sdl: sdlOf(service.document) }], new Report())
      return true
    } catch (thrown) {
      // It throws for a text that is no schema language, and says so in that way alone.
      report.exclude(labelOf(service), `it is no schema language: ${messageOf(thrown).slice(0, 200)}`)
      report.warn(`the document of ${labelOf(service)} is left out: it is no schema language`)
      return false
    }
  })
  for (const service of parts) report.include(service)
  const sdl = combine(
    parts.map((service) => ({ service, sdl: sdlOf(service.document) })),
    report,
  )
  const document = table<unknown>([
    ['info', { ...options.info }],
    ['services', parts.map(entryOf)],
    ['sdl', sdl],
  ])
  return report.merged(document)
}

function entryOf(service: FederatedService): JsonObject {
  const federation = ownObject(ownObject(service.metadata, 'graphql') ?? table(), 'federation')
  const paths = [...new Set(service.operations().map(({ mounted, host }) => `${host === undefined ? '' : `//${host}`}${mounted}`))].sort()
  return {
    name: service.name,
    version: service.version,
    paths,
    sdl: sdlOf(service.document),
    ...(federation === undefined ? {} : { federation }),
  }
}

function sdlOf(document: JsonObject): string {
  return ownText(document, 'sdl') ?? ''
}

function unusable(document: JsonObject): string | undefined {
  return ownText(document, 'sdl') === undefined ? 'it has no schema language' : undefined
}
