import { json, problem } from '../answers.ts'
import type { Reload, ReloadOutcome } from '../options.ts'
import type { Route, SnapshotDiff } from '@octopus-gateway/core'

/**
 * Reads the configuration again, or with `dry_run` only tells what that would change. A page of another site can make a browser send its
 * credentials along with a form: it cannot send JSON without asking first (CORS preflight), and nobody gets that permission here.
 */
export async function reload(request: Request, run: Reload): Promise<Response> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') return notJson()
  const dryRun = dryRunOf(new URL(request.url).searchParams, await bodyOf(request))
  if (dryRun === undefined) return badRequest()
  return answerOf(await run({ dryRun }))
}

const LONGEST_BODY = 1024

/** The JSON value; `null` for no body, `undefined` for what cannot be one. */
async function bodyOf(request: Request): Promise<unknown> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > LONGEST_BODY) return undefined
  }
  if (text.trim() === '') return null
  try {
    return JSON.parse(text)
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

/** Asked for at either place; `undefined` when what is written there is something else. */
function dryRunOf(query: URLSearchParams, body: unknown): boolean | undefined {
  const asked: (string | undefined)[] = [...query.keys()].every((key) => key === 'dry_run') ? query.getAll('dry_run') : [undefined]
  if (body !== null) {
    if (typeof body !== 'object' || Array.isArray(body)) return undefined
    for (const [key, value] of Object.entries(body)) asked.push(key === 'dry_run' && typeof value === 'boolean' ? String(value) : undefined)
  }
  return asked.every((value) => value === 'true' || value === 'false') ? asked.includes('true') : undefined
}

function answerOf(result: ReloadOutcome): Response {
  if (result.outcome === 'refused') {
    const issues = result.issues.map(({ source, path, code, message }) => ({ source, path, code, message }))
    const detail = 'Nothing has changed. Correct the issues and try again.'
    return problem({ status: 422, code: 'CONFIG_INVALID', title: 'The configuration is invalid', detail, more: { issues } })
  }
  if (result.outcome === 'failed') {
    return problem({ status: 500, code: 'RELOAD_FAILED', title: 'The configuration could not be reloaded; the log says why' })
  }
  const { outcome, diff, restart } = result
  return json({ outcome, ...diffData(diff), restart })
}

/** A diff as plain data. */
function diffData(diff: SnapshotDiff): object {
  return {
    routes: {
      added: diff.added.map(routeData),
      removed: diff.removed.map(routeData),
      changed: diff.changed.map((route) => ({ ...routeData(route), changes: diff.changes.get(route.id) })),
    },
    upstreams: {
      added: diff.upstreamsAdded,
      removed: diff.upstreamsRemoved,
      changed: [...diff.upstreamsChanged].map(([name, changes]) => ({ name, changes })),
    },
  }
}

function routeData({ id, host, methods, path, upstream }: Route): object {
  return { id, host, methods, path, upstream: upstream.name }
}

function notJson(): Response {
  return problem({
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    title: 'A reload has to be asked for with Content-Type: application/json',
    detail: 'The body may be empty, or {"dry_run": true}.',
  })
}

function badRequest(): Response {
  return problem({ status: 400, code: 'BAD_REQUEST', title: 'Only dry_run is understood, and it is true or false' })
}
