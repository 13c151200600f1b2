import { compileRules } from './path-rules.ts'
import { GatewayError } from '../errors.ts'
import type { CompiledRules } from './path-rules.ts'
import type { Rewrite } from './definition.ts'

/** A function from target to target, or `null` when nothing changes. Works on the bytes as sent: what is not removed is not re-encoded. */
export function compileRewrite(rewrite: Rewrite | undefined): ((target: string) => string) | null {
  const strip = trimSlash(rewrite?.stripPrefix ?? '')
  const add = trimSlash(rewrite?.addPrefix ?? '')
  const rules = rewrite?.rules === undefined || rewrite.rules.length === 0 ? null : compileRules(rewrite.rules)
  if (strip === '' && add === '' && rules === null) return null
  return (target) => {
    const left = strip === '' ? target : withoutPrefix(target, strip)
    const rest = rules === null ? left : ruled(left, rules)
    if (rest === '' || rest.charCodeAt(0) === QUESTION) return add === '' ? `/${rest}` : add + rest
    return add + rest
  }
}

function ruled(target: string, rules: CompiledRules): string {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  const result = rules.apply(path === '' ? '/' : path)
  if (result === 'refused') throw new GatewayError('BAD_TARGET', 'A rewrite of the path came to nothing acceptable.')
  return result === null ? target : result.path + (query === -1 ? '' : target.slice(query))
}

const QUESTION = 0x3f
const SLASH = 0x2f

function trimSlash(prefix: string): string {
  if (prefix === '') return ''
  const path = prefix.startsWith('/') ? prefix : `/${prefix}`
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function withoutPrefix(target: string, prefix: string): string {
  if (target.startsWith(prefix)) {
    const next = target.charCodeAt(prefix.length)
    // NaN: the target ends with the prefix.
    return next === SLASH || next === QUESTION || Number.isNaN(next) ? target.slice(prefix.length) : target
  }
  return withoutEncodedPrefix(target, prefix)
}

/** `/%61pi/users` matches the route `/api/*` as well, so its prefix must go too: compared segment by segment, decoded. */
function withoutEncodedPrefix(target: string, prefix: string): string {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  const wanted = prefix.split('/')
  const segments = path.split('/')
  if (!path.includes('%') || segments.length < wanted.length) return target
  for (let i = 1; i < wanted.length; i++) {
    if (decodeURIComponent(segments[i]!) !== decodeURIComponent(wanted[i]!)) return target
  }
  const rest = segments.slice(wanted.length)
  return (rest.length === 0 ? '' : `/${rest.join('/')}`) + (query === -1 ? '' : target.slice(query))
}
