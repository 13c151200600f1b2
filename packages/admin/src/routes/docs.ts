import { ASYNC_SCRIPT, ASYNC_STYLE } from '../docs/asyncapi.ts'
import { INIT_SCRIPT, PAGE_POLICY, docsPage } from '../docs/page.ts'
import { readAsset } from '../assets.ts'
import { problem, revalidated } from '../answers.ts'

/** The API reference page. */
export function docs(name: string): Response {
  return new Response(docsPage(name), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-store' },
  })
}

/** Files that are made here. */
const OWN: ReadonlyMap<string, { readonly type: string; readonly text: string }> = new Map([
  ['init.js', { type: 'text/javascript; charset=utf-8', text: INIT_SCRIPT }],
  ['asyncapi.js', { type: 'text/javascript; charset=utf-8', text: ASYNC_SCRIPT }],
  ['asyncapi.css', { type: 'text/css; charset=utf-8', text: ASYNC_STYLE }],
])

/** A file of the page: one that ships with this package, or one of its own scripts and styles. Rejects when a shipped file cannot be read. */
export async function docsAsset(request: Request, file: string): Promise<Response> {
  const made = OWN.get(file)
  if (made !== undefined) return revalidated(request, { type: made.type, bytes: new TextEncoder().encode(made.text) })
  const asset = await readAsset(file)
  return asset === undefined
    ? problem({ status: 404, code: 'NOT_FOUND', title: 'The documentation page has no such file' })
    : revalidated(request, asset)
}
