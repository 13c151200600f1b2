import { expect, test } from 'vitest'
import { validateUpstreams } from './validate.ts'
import type { UpstreamOptions } from '../upstream/definition.ts'

const said = (options: UpstreamOptions): string[] =>
  validateUpstreams({ up: options }, 'upstreams').map(({ code, path }) => `${code} ${path}`)

const HTTP = ['http://a.test:1']
const HTTPS = ['https://a.test:1']

test.each<readonly [UpstreamOptions, string[]]>([
  [{ endpoints: HTTPS, protocol: 'h2c' }, ['conflicting_keys upstreams.up.protocol']],
  [{ endpoints: [{ id: 'a', origin: HTTPS[0]!, weight: 1, labels: {} }], protocol: 'h2c' }, ['conflicting_keys upstreams.up.protocol']],
  [{ endpoints: HTTP, protocol: 'h2' }, ['conflicting_keys upstreams.up.protocol']],
  [{ endpoints: [...HTTPS, ...HTTP], protocol: 'h2' }, ['conflicting_keys upstreams.up.protocol']],
  [{ endpoints: HTTP, tls: {} }, ['conflicting_keys upstreams.up.tls']],
  [{ endpoints: HTTPS, tls: { verify: false, ca: 'x' } }, ['conflicting_keys upstreams.up.tls.ca']],
  [{ endpoints: HTTP, protocol: 'h3' as never }, ['invalid_value upstreams.up.protocol']],
  [{ endpoints: HTTP, protocol: 'h2c' }, []],
  [{ endpoints: HTTPS, protocol: 'h2', tls: { ca: 'x' } }, []],
  [{ endpoints: { discover: 's' }, protocol: 'h2', tls: {} }, []],
])('protocol and TLS have to fit the origins: %j', (options, issues) => {
  expect(said(options)).toEqual(issues)
})
