import { INIT_SCRIPT, PAGE_POLICY, docsPage } from '../docs/page.ts'
import { readAsset } from '../assets.ts'
import { problem, revalidated } from '../answers.ts'

/** The API reference page. */
export function docs(name: string): Response {
  return new Response(docsPage(name), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-store' },
  })
}

/** A file of the page: one that ships with this package, or the start script. Rejects when a shipped file cannot be read. */
export async function docsAsset(request: Request, file: string): Promise<Response> {
  if (file === 'init.js') {
    return revalidated(request, { type: 'text/javascript; charset=utf-8', bytes: new TextEncoder().encode(INIT_SCRIPT) })
  }
  const asset = await readAsset(file)
  return asset === undefined
    ? problem({ status: 404, code: 'NOT_FOUND', title: 'The documentation page has no such file' })
    : revalidated(request, asset)
}
