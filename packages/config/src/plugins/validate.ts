import type { StandardSchemaV1 } from '@octopus-gateway/core'
import { camelKeys } from './keys.ts'
import { hiddenIn } from './hidden.ts'
import { nodeAt, type Node, type Path } from '../tree/node.ts'
import type { Problem } from '../report/issues.ts'

/** Options that somebody else's schema judges. */
export interface Given {
  /** Where they are written. */
  readonly at: Path
  readonly options: Readonly<Record<string, unknown>>
  readonly root: Node
  /** Nobody has looked at the values yet: a plain scalar is the text that was written where the schema takes no other value, as in `secret: 1234`. */
  readonly isRaw?: true
}

/** Options as they are given to the factory, and what its schema has against them. */
export interface Judged {
  readonly options: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
}

/** Asks the schema of a factory. Its issues get the places of the keys as they were written, and words without secrets. */
export async function judge(schema: StandardSchemaV1, { at, options, root, isRaw }: Given): Promise<Judged> {
  const { value, written, twice } = camelKeys(options)
  const locate = (path: Path): Path => [...at, ...path.map((step, index) => (index === 0 ? (written.get(String(step)) ?? step) : step))]
  let config = value
  let issues = await issuesOf(schema, config)
  const texts = isRaw !== true ? [] : issues.flatMap(({ path }) => textAt(root, locate(path), path))
  if (texts.length > 0) {
    const refused = await issuesOf(schema, withTexts(config, texts))
    // Of what stands in the environment nobody thinks as of a number: what is wrong with the text is what is wrong.
    const meant = texts.filter(({ path, isVariable }) => isVariable || !refused.some((issue) => samePath(issue.path, path)))
    config = withTexts(config, meant)
    issues = await issuesOf(schema, config)
  }
  const hide = hiddenIn(root, at)
  const double = twice.map((key) => ({
    code: 'conflicting_keys',
    path: [...at, key],
    message: 'is there twice, once with underscores and once without; remove one of them',
  }))
  return {
    options: config,
    problems: [
      ...double,
      ...issues.map(({ path, message }) => ({ code: 'invalid_value', path: locate(path), message: hide(inWords(message)) })),
    ],
  }
}

/** What valibot says of a key that its strict maps do not have. */
function inWords(message: string): string {
  return message.startsWith('Invalid key: Expected never') ? 'there is no such option' : message
}

interface PlainIssue {
  readonly path: Path
  readonly message: string
}

async function issuesOf(schema: StandardSchemaV1, value: unknown): Promise<PlainIssue[]> {
  const result = await schema['~standard'].validate(value)
  return (result.issues ?? []).map(({ path = [], message }) => ({
    path: path.map((part) => {
      const step = typeof part === 'object' ? part.key : part
      return typeof step === 'number' ? step : String(step)
    }),
    message,
  }))
}

interface TextAt {
  readonly path: Path
  readonly text: string
  readonly isVariable: boolean
}

/** The text of a plain scalar that was read as something else. */
function textAt(root: Node, place: Path, path: Path): TextAt[] {
  const node = nodeAt(root, place)
  if (path.length === 0 || node?.kind !== 'scalar' || typeof node.value === 'string' || node.faulty === true) return []
  return [{ path, text: node.text, isVariable: node.variables.length > 0 }]
}

function withTexts(value: Readonly<Record<string, unknown>>, texts: readonly TextAt[]): Readonly<Record<string, unknown>> {
  return texts.reduce((whole, { path, text }) => replaced(whole, path, text) as Readonly<Record<string, unknown>>, value)
}

function replaced(value: unknown, [step, ...rest]: Path, text: string): unknown {
  if (step === undefined || typeof value !== 'object' || value === null) return text
  const copy: Record<string | number, unknown> = Array.isArray(value)
    ? ([...(value as unknown[])] as never)
    : Object.assign(Object.create(null), value)
  copy[step] = replaced(copy[step], rest, text)
  return copy
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index])
}
