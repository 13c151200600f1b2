import { compilePattern } from './linear/program.ts'
import { pathOf } from './normalize.ts'
import { search } from './linear/run.ts'
import type { Budget, Groups } from './linear/run.ts'
import type { PathRule } from './route.ts'
import type { Program } from './linear/program.ts'

/** Characters of the longest path that rules are applied to, and of the longest result. */
const LONGEST_PATH = 8_192
/** Rules of one list. */
const MOST_RULES = 32
const LONGEST_REPLACEMENT = 512
/** What all rules of a list together may cost for one request: some milliseconds, and a hundred times what honest rules need. */
const MOST_STEPS = 250_000

/** The path that rules make of a path: `null` when none of them matches, `refused` when the outcome, or the effort, is not acceptable. */
export type RewrittenPath = { readonly path: string } | 'refused' | null

/** Rules made ready: the first one that matches decides. */
export interface CompiledRules {
  /** `path` is the path as it was sent, without query. */
  apply(path: string): RewrittenPath
}

/** Why a rule cannot be used; `undefined` when it can. */
export function ruleProblem(rule: PathRule): string | undefined {
  try {
    compileRule(rule)
    return undefined
  } catch (thrown) {
    return (thrown as TypeError).message
  }
}

/** Makes rules ready. Throws `TypeError` with the reason when one cannot be used. */
export function compileRules(rules: readonly PathRule[]): CompiledRules {
  if (rules.length > MOST_RULES) throw new TypeError(`There are more than ${MOST_RULES} rules.`)
  const compiled = rules.map(compileRule)
  return {
    apply(path) {
      if (path.length > LONGEST_PATH) return 'refused'
      const budget: Budget = { steps: MOST_STEPS }
      for (const { program, template } of compiled) {
        const groups = search(program, path, budget)
        if (groups === undefined) return 'refused'
        if (groups !== null) return checked(replaced(path, groups, template))
      }
      return null
    },
  }
}

/** Text, and the numbers of groups. */
type Template = readonly (string | number)[]

function compileRule({ pattern, replacement }: PathRule): { program: Program; template: Template } {
  const program = inPattern(pattern)
  return { program, template: readTemplate(replacement, program) }
}

function inPattern(pattern: string): Program {
  try {
    return compilePattern(pattern)
  } catch (thrown) {
    throw new TypeError(`The pattern cannot be used: ${(thrown as Error).message}.`, { cause: thrown })
  }
}

/** `$1`, `${1}` and `${name}`; `$$` is a dollar sign. In Go `$1x` is the group "1x", which is empty and never meant: it is refused. */
function readTemplate(replacement: string, { slots, names }: Program): Template {
  const refuse = (why: string): never => {
    throw new TypeError(`The replacement cannot be used: ${why}.`)
  }
  if (replacement.length > LONGEST_REPLACEMENT) refuse(`it is longer than ${LONGEST_REPLACEMENT} characters`)
  if (/[^\x21-\x7e]|[\\?#]/.test(replacement)) refuse('it has characters that cannot stand in a path')
  const template: (string | number)[] = []
  let from = 0
  for (const match of replacement.matchAll(/\$(?:(\$)|(\w+)|\{(\w+)\}|)/g)) {
    template.push(replacement.slice(from, match.index))
    from = match.index + match[0].length
    const [whole, dollar, bare, braced] = match
    const name = bare ?? braced
    if (dollar !== undefined) template.push('$')
    else if (name === undefined) refuse('"$" stands alone; "$$" is a dollar sign')
    else {
      const group = /^\d+$/.test(name!) ? Number(name) : names.get(name!)
      if (group === undefined && /^\d/.test(name!))
        refuse(`${whole} means the group "${name}"; write \${${/^\d+/.exec(name!)![0]}} to end its name`)
      if (group === undefined || group * 2 >= slots) refuse(`the pattern has no group "${name}"`)
      template.push(group!)
    }
  }
  template.push(replacement.slice(from))
  return template.filter((part) => part !== '')
}

/** What matched is replaced, once; what stands around it stays. */
function replaced(path: string, groups: Groups, template: Template): string {
  let result = path.slice(0, groups[0])
  for (const part of template) {
    if (typeof part === 'string') result += part
    else if (groups[part * 2]! >= 0) result += path.slice(groups[part * 2], groups[part * 2 + 1])
    if (result.length > LONGEST_PATH) return ''
  }
  return result + path.slice(groups[1])
}

/** An encoded separator that a rule moved is no longer where somebody looked at it. */
function checked(path: string): RewrittenPath {
  if (path.length > LONGEST_PATH || path.includes('?') || /%(?:2f|5c)/i.test(path)) return 'refused'
  return pathOf(path) === null ? 'refused' : { path }
}
