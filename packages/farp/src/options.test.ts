import { ConfigError } from '@octopus-gateway/core'
import { expect, test } from 'vitest'
import { farp } from './index.ts'
import { settingsOf } from './options.ts'

test('every option has a default', () => {
  const { fetcher: _fetcher, limits: _limits, ...settings } = settingsOf({})
  expect(settings).toEqual({
    adapters: {},
    trustHints: new Set(),
    watchInterval: 5000,
    schemaCacheTtl: 300_000,
    defaultStrategy: 'service',
    domain: undefined,
    rootMounts: new Set(),
    reservedSubdomains: new Set(['www', 'admin', 'api']),
    allowedHosts: [],
    push: {
      enabled: false,
      tokens: [],
      clientCertificates: false,
      allowFrom: [],
      heartbeatTimeout: 30_000,
      missedProbes: 12,
      paths: ['/_farp/v1', '/__/farp'],
    },
    probe: undefined,
    auth: { enforce: 'auto', providers: new Map(), allowRelaxation: false, otherwise: 'inherit' },
    webhooks: { receive: false, send: false, poll: false, secrets: new Map(), manifestSecrets: true, tokens: new Map() },
    hashVerification: undefined,
    includeIntrospection: false,
    routeLinger: 30_000,
    includeTags: new Set(),
    excludeTags: new Set(),
    majorAlias: false,
    instanceLabels: new Map(),
    region: undefined,
    splitOn: undefined,
    colours: new Map(),
    shadow: { enabled: false, sample: 100, maxBody: 65_536 },
    strict: false,
    updatePolicy: 'auto',
    requireHttps: undefined,
    merging: {
      info: { title: 'Federated API', version: '1.0.0', description: 'Merged API specification from multiple services' },
      collapseServiceTags: false,
      conflictStrategy: 'prefix',
      security: {
        strategy: 'union',
        global: [],
        schemes: {},
        preserveOperationSecurity: true,
        prefixSchemeNames: false,
        exclude: [],
        required: [],
      },
    },
  })
})

test('all problems come together, each with its place', () => {
  const options = {
    watchInterval: '0s',
    domain: 'a b',
    allowedHosts: ['ok.example', 'http://no'],
    hashVerification: 'maybe',
    splitOn: 'host',
    unknown: 1,
  }
  try {
    farp(options as never)
    expect.unreachable()
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ConfigError)
    expect((thrown as ConfigError).issues.map(({ path }) => path).sort()).toEqual([
      'farp.allowedHosts.1',
      'farp.domain',
      'farp.hashVerification',
      'farp.splitOn',
      'farp.unknown',
      'farp.watchInterval',
    ])
  }
})

test('equal options make equal identities, so that a reload keeps the source running', () => {
  expect(farp({ watchInterval: '1s' }).identity).toEqual(farp({ watchInterval: '1s' }).identity)
  expect(farp({ watchInterval: '1s' }).identity).not.toEqual(farp().identity)
  expect(farp().name).toBe('farp')
})
