import { beforeAll, describe, expect, test } from 'vitest'
import { readFile } from 'node:fs/promises'
import { copyAssets } from '../../scripts/copy-assets.mjs'
import { ASSET_NAMES } from '../assets.ts'
import { ASYNC_SCRIPT, ASYNC_STYLE } from '../docs/asyncapi.ts'
import { INIT_SCRIPT, docsPage } from '../docs/page.ts'
import { createAdmin } from '../app.ts'
import { gatewayWith } from '../gateway.fixture.ts'

beforeAll(copyAssets)

const asset = (name: string): Promise<string> => readFile(new URL(`../../assets/${name}`, import.meta.url), 'utf8')

function ask(path: string, init: RequestInit = {}, document?: unknown): Promise<Response> {
  return createAdmin(gatewayWith({ federated: async () => document }), { name: 'Shop' }).fetch(new Request(`http://localhost${path}`, init))
}

describe('/_/openapi.json', () => {
  test('is an empty valid document when there is nothing', async () => {
    expect(await (await ask('/_/openapi.json')).json()).toEqual({ openapi: '3.1.0', info: { title: 'Shop', version: '1.0.0' }, paths: {} })
  })

  test('is the federated document, with an ETag that changes with it', async () => {
    const document = { openapi: '3.1.0', info: { title: 'All', version: '2' }, paths: { '/a': {} } }
    const first = await ask('/_/openapi.json', {}, document)
    const etag = first.headers.get('etag')!
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(await first.json()).toEqual(document)
    for (const field of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const same = await ask('/_/openapi.json', { headers: { 'if-none-match': field } }, structuredClone(document))
      expect([field, same.status, await same.text(), same.headers.get('etag')]).toEqual([field, 304, '', etag])
    }
    expect((await ask('/_/openapi.json', { headers: { 'if-none-match': etag } }, { ...document, paths: {} })).status).toBe(200)
  })
})

describe('/_/asyncapi.json', () => {
  test('is an empty document where there is none, else the federated one, with an ETag', async () => {
    const empty = { asyncapi: '3.0.0', info: { title: 'Shop', version: '1.0.0' }, channels: {}, operations: {} }
    expect(await (await ask('/_/asyncapi.json')).json()).toEqual(empty)
    const document = { asyncapi: '3.0.0', channels: { a: {} } }
    const first = await ask('/_/asyncapi.json', {}, document)
    expect(await first.json()).toEqual(document)
    const again = await ask('/_/asyncapi.json', { headers: { 'if-none-match': first.headers.get('etag')! } }, document)
    expect(again.status).toBe(304)
  })
})

describe('[R39] /_/docs ships everything it shows', () => {
  test('[R39] the page loads only files of this package, by relative addresses, and nothing inline', async () => {
    const page = await (await ask('/_/docs')).text()
    const loaded = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!)
    expect(loaded).toEqual([
      'docs/favicon-32x32.png',
      'docs/swagger-ui.css',
      'docs/asyncapi.css',
      'docs/swagger-ui-bundle.js',
      'docs/init.js',
      'docs/asyncapi.js',
      'openapi.json',
      'asyncapi.json',
    ])
    expect(page).not.toMatch(/https?:|\/\/[a-z]|@import|<style|<script>| style=| on[a-z]+=/i)
  })

  test('[R39] each file answers with its type and bytes, also behind a path prefix', async () => {
    const base = new URL('http://proxy.example/ops/gateway/_/docs')
    for (const [, address] of docsPage('x').matchAll(/(?:src|href)="([^"]*)"/g)) {
      const { pathname } = new URL(address!, base)
      expect(pathname).toMatch(/^\/ops\/gateway\/_\//)
      const answer = await ask(pathname.replace('/ops/gateway', ''))
      expect([address, answer.status]).toEqual([address, 200])
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(50)
    }
    expect((await ask('/_/docs/swagger-ui-bundle.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect((await ask('/_/docs/init.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect((await ask('/_/docs/swagger-ui.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect((await ask('/_/docs/favicon-32x32.png')).headers.get('content-type')).toBe('image/png')
  })

  test('[R39] style sheet and start script load nothing from outside', async () => {
    const css = await asset('swagger-ui.css')
    const addresses = [...css.matchAll(/url\(\s*(["']?)([^)]{0,30})/g)].map(([, , address]) => address!)
    expect(addresses.length).toBeGreaterThan(0)
    expect(addresses.filter((address) => !address.startsWith('data:'))).toEqual([])
    expect(css).not.toMatch(/@import|@font-face|sourceMappingURL/)
    for (const text of [INIT_SCRIPT, ASYNC_SCRIPT, ASYNC_STYLE]) expect(text).not.toMatch(/https?:|\/\/[a-z]|@import|url\(/i)
    expect(ASYNC_SCRIPT).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(/)
    expect(INIT_SCRIPT).toContain('validatorUrl: null')
    expect(INIT_SCRIPT).toContain("url: 'openapi.json'")
    expect(INIT_SCRIPT).toContain('supportedSubmitMethods: []')
  })

  test('[R39] the policy lets the page reach nobody but its own server', async () => {
    const policy = (await ask('/_/docs')).headers.get('content-security-policy')!
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
  })

  test('[R39] the package lists its assets and their licence, which are there', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { files: string[] }
    expect(manifest.files).toContain('assets')
    for (const name of [...ASSET_NAMES, 'LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'])
      expect((await asset(name)).length).toBeGreaterThan(0)
  })

  test('the start script is a script, and starts the viewer of the bundle', async () => {
    const calls: Record<string, unknown>[] = []
    const bundle = Object.assign((options: Record<string, unknown>) => void calls.push(options), { presets: { apis: 'apis' } })
    new Function('SwaggerUIBundle', 'window', INIT_SCRIPT)(bundle, {})
    expect(calls).toMatchObject([{ url: 'openapi.json', dom_id: '#docs', presets: ['apis'], validatorUrl: null }])
    expect(docsPage('x')).toContain('<div id="docs">')
  })

  test('no other file can be read', async () => {
    for (const name of ['LICENSE', '..%2Fpackage.json', '%2e%2e%2fpackage.json', 'swagger-ui.css.map', '__proto__', 'toString']) {
      expect([name, (await ask(`/_/docs/${name}`)).status]).toEqual([name, 404])
    }
  })

  test('without JavaScript the page names the document; the name is text, not markup', () => {
    const page = docsPage('<script>x</script>')
    expect(page).toContain('&lt;script&gt;x&lt;/script&gt;: API reference</h1>')
    expect(page).toContain('<a href="openapi.json">')
  })
})
