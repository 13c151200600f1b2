import { PAGE_POLICY, escapeHtml } from '../docs/page.ts'
import { json } from '../answers.ts'
import type { AdminSettings } from '../options.ts'

/** The index: where everything is, as JSON or, for browsers, as a page. Addresses are relative to `/_/`. */
export function links(request: Request, { name, metrics }: AdminSettings): Response {
  const all: Record<string, string> = {
    health: 'health',
    routes: 'routes',
    services: 'services',
    upstreams: 'upstreams',
    openapi: 'openapi.json',
    asyncapi: 'asyncapi.json',
    docs: 'docs',
    ...(metrics === undefined ? {} : { metrics: `..${metrics.path}` }),
  }
  const asPage = request.headers.get('accept')?.includes('text/html') ?? false
  if (!asPage) return json({ name, links: all })
  const items = Object.entries(all).map(([text, href]) => `<li><a href="${escapeHtml(href)}">${text}</a></li>`)
  const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(name)}: admin</title></head>
<body><h1>${escapeHtml(name)}: admin</h1><ul>${items.join('')}</ul></body>
</html>
`
  return new Response(page, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-store',
      vary: 'accept',
    },
  })
}
