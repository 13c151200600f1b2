import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify, parseAllDocuments } from 'yaml'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

/** An object of a rendered chart. */
export interface Rendered {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly [field: string]: unknown
}

/** A release: its values lie over those of the chart. */
export interface Release {
  readonly name: string
  readonly namespace: string
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * The objects of a chart, rendered by a reader of the part of Helm's templates that our chart uses: it may not have been installed. Anything else in a
 * template is an error, never left out.
 */
export function renderChart(folder: string, { name, namespace, values }: Release): Rendered[] {
  const chart = parse(readFileSync(join(folder, 'Chart.yaml'), 'utf8')) as {
    readonly version: string
    readonly appVersion: string
    readonly name: string
  }
  const own = parse(readFileSync(join(folder, 'values.yaml'), 'utf8')) as unknown
  const root = {
    Values: over(own, values),
    Release: { Name: name, Namespace: namespace, Service: 'Helm' },
    Chart: { AppVersion: chart.appVersion, Version: chart.version, Name: chart.name },
  }
  const templates = join(folder, 'templates')
  const files = readdirSync(templates).sort()
  const defined = new Map<string, readonly Node[]>()
  const trees = files.map((file) => ({ file, nodes: read(readFileSync(join(templates, file), 'utf8'), defined) }))
  return trees.flatMap(({ file, nodes }) => {
    const text = render(nodes, { dot: root, variables: new Map([['$', root]]), defined })
    return file.endsWith('.yaml') ? objectsOf(text, file) : []
  })
}

/** The same by Helm itself. */
export function helmTemplate(helm: string, folder: string, { name, namespace, values }: Release): Rendered[] {
  const place = mkdtempSync(join(tmpdir(), 'octopus-helm-'))
  try {
    writeFileSync(join(place, 'values.json'), JSON.stringify(values))
    const args = ['template', name, folder, '--namespace', namespace, '--kube-version', '1.32.0', '--values', join(place, 'values.json')]
    const { status, stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8', timeout: 30_000, env: { ...process.env, HOME: place } })
    if (status !== 0) throw new Error(stderr)
    return objectsOf(stdout, 'helm template')
  } finally {
    rmSync(place, { recursive: true })
  }
}

function objectsOf(text: string, where: string): Rendered[] {
  return parseAllDocuments(text, { logLevel: 'silent' }).flatMap((document) => {
    if ('errors' in document && document.errors.length > 0) throw new Error(`${where}: ${document.errors[0]!.message}\n${text}`)
    const value = document.toJS() as Rendered | null
    return value === null ? [] : [value]
  })
}

function over(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above === undefined ? below : above
  return Object.fromEntries([...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [key, over(below[key], above[key])]))
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly expression: string }
  | { readonly kind: 'set'; readonly name: string; readonly expression: string }
  | { readonly kind: 'if'; readonly branches: readonly { readonly condition: string | null; readonly nodes: readonly Node[] }[] }
  | { readonly kind: 'range'; readonly expression: string; readonly nodes: readonly Node[] }

function read(source: string, defined: Map<string, readonly Node[]>): readonly Node[] {
  const tokens = [...source.matchAll(/\{\{(-?)\s*([^]*?)\s*(-?)\}\}|((?:(?!\{\{)[^])+)/g)]
  let at = 0
  const textOf = (index: number): string => {
    const text = tokens[index]![4]!
    const after = tokens[index - 1]?.[3] === '-' ? text.replace(/^\s+/, '') : text
    return tokens[index + 1]?.[1] === '-' ? after.replace(/\s+$/, '') : after
  }
  function block(): { readonly nodes: Node[]; readonly end: string } {
    const nodes: Node[] = []
    while (at < tokens.length) {
      const index = at++
      const action = tokens[index]![2]
      if (action === undefined) {
        nodes.push({ kind: 'text', text: textOf(index) })
        continue
      }
      const [, word = '', rest = ''] = /^(define|if|range|else if|else|end)\b\s*([^]*)$/.exec(action) ?? []
      if (word === 'end' || word.startsWith('else')) return { nodes, end: action }
      if (word === 'define') defined.set(JSON.parse(rest) as string, block().nodes)
      else if (word === 'range') nodes.push({ kind: 'range', expression: rest, nodes: block().nodes })
      else if (word === 'if') {
        const branches: { condition: string | null; nodes: Node[] }[] = []
        for (let condition: string | null = rest; ;) {
          const { nodes: inner, end } = block()
          branches.push({ condition, nodes: inner })
          if (end === 'end') break
          condition = end === 'else' ? null : end.replace(/^else if\s+/, '')
        }
        nodes.push({ kind: 'if', branches })
      } else {
        const set = /^(\$\w+)\s*:?=\s*([^]*)$/.exec(action)
        nodes.push(set === null ? { kind: 'print', expression: action } : { kind: 'set', name: set[1]!, expression: set[2]! })
      }
    }
    return { nodes, end: '' }
  }
  return block().nodes
}

interface Scope {
  readonly dot: unknown
  readonly variables: Map<string, unknown>
  readonly defined: ReadonlyMap<string, readonly Node[]>
}

function render(nodes: readonly Node[], scope: Scope): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text
        case 'print':
          return String(valueOf(node.expression, scope) ?? '')
        case 'set':
          scope.variables.set(node.name, valueOf(node.expression, scope))
          return ''
        case 'range':
          return (valueOf(node.expression, scope) as unknown[]).map((dot) => render(node.nodes, { ...scope, dot })).join('')
        case 'if': {
          const branch = node.branches.find(({ condition }) => condition === null || isTrue(valueOf(condition, scope)))
          return branch === undefined ? '' : render(branch.nodes, scope)
        }
      }
    })
    .join('')
}

const isTrue = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : isMap(value) ? Object.keys(value).length > 0 : Boolean(value)

/** A pipeline of calls: `default .x "y" | quote`. */
function valueOf(expression: string, scope: Scope): unknown {
  const tokens = expression.match(/"(?:[^"\\]|\\.)*"|\(|\)|\||[^\s()|]+/g) ?? []
  let at = 0
  function term(): unknown {
    const token = tokens[at++]
    if (token === '(') {
      const value = pipeline()
      at++
      return value
    }
    if (token === undefined) throw new Error(`{{ ${expression} }} ends too early`)
    if (token.startsWith('"')) return JSON.parse(token) as string
    if (/^-?\d+$/.test(token)) return Number(token)
    const [head = '', ...path] = token.split('.')
    if (head !== '' && !head.startsWith('$')) throw new Error(`{{ ${expression} }} has the unknown word ${token}`)
    if (head !== '' && !scope.variables.has(head)) throw new Error(`{{ ${expression} }} has the unknown variable ${head}`)
    const start = head === '' ? scope.dot : scope.variables.get(head)
    return path.filter((key) => key !== '').reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), start)
  }
  function pipeline(): unknown {
    let value: unknown
    for (let piped = false; ; piped = true) {
      const name = tokens[at] ?? ''
      const call = Object.hasOwn(FUNCTIONS, name) || name === 'include' ? name : undefined
      if (call !== undefined) at++
      const given: unknown[] = []
      while (at < tokens.length && tokens[at] !== '|' && tokens[at] !== ')') given.push(term())
      if (piped) given.push(value)
      if (call === undefined && given.length !== 1) throw new Error(`{{ ${expression} }} calls ${name}, which this reader does not know`)
      value = call === undefined ? given[0] : call === 'include' ? include(given, scope) : FUNCTIONS[call]!(...given)
      if (tokens[at] !== '|') return value
      at++
    }
  }
  return pipeline()
}

function include([name, dot]: readonly unknown[], scope: Scope): string {
  const nodes = scope.defined.get(String(name))
  if (nodes === undefined) throw new Error(`there is no template ${String(name)}`)
  return render(nodes, { ...scope, dot, variables: new Map([['$', dot]]) })
}

const FUNCTIONS: Readonly<Record<string, (...given: unknown[]) => unknown>> = {
  add: (...numbers) => numbers.reduce<number>((sum, one) => sum + Number(one), 0),
  contains: (part, whole) => String(whole).includes(String(part)),
  default: (otherwise, value) => (isTrue(value) ? value : otherwise),
  eq: (a, b) => a === b,
  has: (item, items) => (items as readonly unknown[]).includes(item),
  kindIs: (kind, value) => kind === (Array.isArray(value) ? 'slice' : isMap(value) ? 'map' : typeof value),
  list: (...values) => values,
  not: (value) => !isTrue(value),
  nindent: (spaces, text) => `\n${String(text).replaceAll(/^/gm, ' '.repeat(Number(spaces)))}`,
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  printf: (format, ...values) => String(format).replaceAll('%s', () => String(values.shift())),
  quote: (value) => JSON.stringify(String(value)),
  required(message, value) {
    if (value === undefined || value === null || value === '') throw new Error(String(message))
    return value
  },
  toJson: (value) => JSON.stringify(value),
  toString: (value: unknown) => String(value),
  toYaml: (value) => stringify(value).trimEnd(),
  trimSuffix: (suffix, text) => (String(text).endsWith(String(suffix)) ? String(text).slice(0, -String(suffix).length) : text),
  trunc: (length, text) => String(text).slice(0, Number(length)),
}
