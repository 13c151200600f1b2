import { nodeAt, type Node, type Path, type ScalarNode } from '../tree/node.ts'

const SECRET_KEY = /secret|password|passphrase|token|credential|private|(?:^|_)key/i
/** Shorter texts stand in every sentence; only in quotes can they be told from it. */
const SHORT = 4

/** Takes out of a sentence what must not be seen: values that came out of the environment, and those of keys that sound secret, at `path` and below. */
export function hiddenIn(root: Node, path: Path): (sentence: string) => string {
  const start = nodeAt(root, path)
  const secrets = new Map<string, string>()
  if (start !== undefined) for (const [text, name] of secretsOf(start, false)) secrets.set(text, name)
  const longestFirst = [...secrets].sort(([a], [b]) => b.length - a.length)
  return (sentence) => longestFirst.reduce((hidden, [text, name]) => without(hidden, text, name), sentence)
}

function without(sentence: string, text: string, name: string): string {
  const quoted = sentence.replaceAll(JSON.stringify(text), name).replaceAll(`'${text}'`, name)
  return text.length < SHORT ? quoted : quoted.replaceAll(text, name)
}

function* secretsOf(node: Node, isSecret: boolean): Generator<readonly [text: string, name: string]> {
  if (node.kind === 'map') for (const [key, entry] of node.entries) yield* secretsOf(entry.value, isSecret || SECRET_KEY.test(key))
  else if (node.kind === 'list') for (const item of node.items) yield* secretsOf(item, isSecret)
  else if (node.text !== '' && (isSecret || node.variables.length > 0)) yield [node.text, nameOf(node)]
}

function nameOf({ variables }: ScalarNode): string {
  return variables.length === 0 ? 'the given value' : `the value of ${variables.map((name) => `\${${name}}`).join(' and ')}`
}
