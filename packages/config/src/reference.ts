import { docOf, knownKeys, unwrap, type AnySchema, type KnownKey } from './schema/walk.ts'
import { configSchema } from './schema/root.ts'

/** The tables of `docs/configuration.md`, made from the schema: one of the keys that work, one of the keys that are known and refused. */
export interface Reference {
  readonly available: string
  readonly later: string
}

/** Makes the tables. */
export function configReference(): Reference {
  const keys = [...knownKeys(configSchema as unknown as AnySchema)]
  const works = keys.filter((key) => !isLater(key) && !onlyLater(key, keys))
  const sections = [...new Set(works.map(sectionOf))]
  const available = sections
    .map((name) => [`### \`${name}\``, '', ...table(works.filter((key) => sectionOf(key) === name))].join('\n'))
    .join('\n\n')
  const later = [
    '| key | meaning |',
    '|---|---|',
    ...keys.filter(isLater).map((key) => `| \`${key.path}\` | ${docOf(key.schema)?.description ?? ''} |`),
  ]
  return { available, later: later.join('\n') }
}

function sectionOf(key: KnownKey): string {
  return key.path.split(/[.[]/)[0]!
}

function isLater(key: KnownKey): boolean {
  const inner = unwrap(key.schema)
  const leaf = inner.leaf ?? (inner.item === undefined ? undefined : unwrap(inner.item).leaf)
  return leaf?.name === 'not available yet'
}

/** A map of which no key works. */
function onlyLater(group: KnownKey, keys: readonly KnownKey[]): boolean {
  const inside = keys.filter((key) => key.path.startsWith(`${group.path}.`) && !key.group)
  return group.group && inside.every(isLater)
}

function table(rows: readonly KnownKey[]): string[] {
  return ['| key | type | default | unit | meaning | risk |', '|---|---|---|---|---|---|', ...rows.map(row)]
}

function row(key: KnownKey): string {
  const doc = docOf(key.schema)
  const { name, unit } = kind(key.schema)
  const cells = [`\`${key.path}\``, name, standard(key), unit, doc?.description ?? '', doc?.risk ?? '']
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function kind(schema: AnySchema): { readonly name: string; readonly unit: string } {
  const inner = unwrap(schema)
  if (inner.item !== undefined) {
    const item = kind(inner.item)
    return {
      name: `${inner.orText === true ? 'name, or ' : inner.orFlag === true ? 'true, false, or ' : ''}list of ${item.name}`,
      unit: item.unit,
    }
  }
  if (inner.named !== undefined)
    return {
      name: Object.keys(inner.named.sections)
        .map((one) => `\`${one}\``)
        .join(', '),
      unit: '',
    }
  if (inner.leaf === undefined) return { name: inner.orFalse === true ? 'map, or false' : 'map', unit: '' }
  const { name } = inner.leaf
  return { name, unit: name.startsWith('duration') ? 'ms, s, m, h' : name.startsWith('bytes') ? 'B, KiB, MiB, GiB' : '' }
}

function standard({ schema, group }: KnownKey): string {
  const otherwise = docOf(schema)?.otherwise
  if (otherwise !== undefined) return otherwise
  if (schema.wrapped === undefined) return 'required'
  if (schema.default === undefined || (group && unwrap(schema).item === undefined)) return ''
  return `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\``
}
