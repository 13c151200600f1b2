/**
 * The policy of the documentation page: its own files and its own server's documents, nothing inline, nothing from outside.
 * `data:` pictures are the icons inside the style sheet.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Starts the viewer. Calls from the page are off: the page belongs to the admin listener, the described API to the traffic
 * listener, which is another origin. The validator badge is off because it would send the document's address to a stranger.
 */
export const INIT_SCRIPT = `'use strict'
window.ui = SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#docs',
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  deepLinking: true,
  validatorUrl: null,
  supportedSubmitMethods: [],
  queryConfigEnabled: false,
  persistAuthorization: false,
  docExpansion: 'list',
})
`

/** The page. All addresses are relative, so that it also works behind a path prefix; without JavaScript its text stays. */
export function docsPage(name: string): string {
  const title = escapeHtml(name)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: API reference</title>
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/asyncapi.css">
<script src="docs/swagger-ui-bundle.js" defer></script>
<script src="docs/init.js" defer></script>
<script src="docs/asyncapi.js" defer></script>
</head>
<body>
<div id="docs">
<h1>${title}: API reference</h1>
<p>This page draws the OpenAPI and AsyncAPI documents of all services with JavaScript. Without it, read the document itself: <a href="openapi.json">openapi.json</a>.</p>
</div>
<section id="asyncapi" class="async" hidden>
<h2>Channels</h2>
<p>WebSocket and event streams, from <a href="asyncapi.json">asyncapi.json</a>.</p>
</section>
</body>
</html>
`
}

/** Text for an HTML page or attribute. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}
