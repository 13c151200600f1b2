import { expect } from 'vitest'
import { behaviour } from './behaviour.ts'
import { createGateway, type DiscoveryProvider } from '@octopus-gateway/core'
import { discovered, discovery } from './yaml.ts'
import { head } from './client.ts'
import { join } from 'node:path'
import { loadConfig } from '@octopus-gateway/config'
import { openapiOf, rawRequest, startFarpService, waitFor, type FarpService, type FarpServiceOptions } from '@octopus-gateway/testing'
import { running, type Running } from './running.ts'
import { Cli } from '../harness.ts'

/** A service with one operation, `GET /people`. */
const people = (more: Partial<FarpServiceOptions> = {}): Promise<FarpService> =>
  startFarpService({ name: 'users', openapi: openapiOf('Users', ['GET /people']), ...more })

/** A gateway that knows these services. */
const follow = (farp: string, ...services: readonly FarpService[]): Promise<Running> =>
  running(discovery(...services.map(({ name, port }) => discovered(name, port))) + (farp === '' ? '' : `farp: { ${farp} }\n`))

const QUICK = 'watch_interval: 20ms'

const codes = async (gateway: Running): Promise<string[]> =>
  (await gateway.view('/_/services')).services.flatMap(({ findings }) => findings.map(({ code }) => code))

behaviour('farp.enabled', 'true, the default where there is discovery, makes routes', async () => {
  await using users = await people()
  for (const yaml of ['', 'enabled: true']) {
    await using gateway = await follow(yaml, users)
    expect(await gateway.status('/users/people')).toBe(200)
  }
})

behaviour('farp.enabled', 'false asks nobody', async () => {
  await using users = await people()
  await using gateway = await follow('enabled: false', users)
  expect(await gateway.status('/users/people')).toBe(404)
  expect(users.counts).toMatchObject({ manifest: 0, openapi: 0 })
})

behaviour('farp.watch_interval', 'is how often each manifest is asked for, every 5 seconds by default', async () => {
  await using often = await people()
  await using seldom = await people()
  await using slow = await follow('', seldom)
  await using quick = await follow(QUICK, often)
  await waitFor(() => often.counts.manifest > 5)
  expect(seldom.counts.manifest).toBe(1)
  expect([await quick.status('/users/people'), await slow.status('/users/people')]).toEqual([200, 200])
})

behaviour('farp.schema_cache_ttl', 'is how long a schema that cannot be had counts as fresh, 5 minutes by default', async () => {
  await using users = await people()
  await using short = await follow(`${QUICK}, schema_cache_ttl: 50ms`, users)
  await using long = await follow(QUICK, users)
  expect([await codes(short), await codes(long)]).toEqual([[], []])
  users.update({ openapiStatus: 500 })
  await waitFor(async () => (await codes(short)).includes('SCHEMA_STALE'))
  await waitFor(async () => (await codes(long)).includes('SCHEMA_FALLBACK'))
  expect(await codes(long)).not.toContain('SCHEMA_STALE')
  // It is used all the same.
  for (const gateway of [short, long]) expect(await gateway.status('/users/people')).toBe(200)
})

behaviour('farp.default_strategy', 'is the mount of services that name none', async () => {
  await using silent = await people({ instanceId: 'users-7', version: '1.2.0' })
  const mounts = { service: '/users', root: '', instance: '/users-7', versioned: '/users/1.2.0' }
  for (const [strategy, mount] of Object.entries(mounts)) {
    await using gateway = await follow(`default_strategy: ${strategy}`, silent)
    expect((await gateway.view('/_/routes')).routes.map(({ path }) => path)).toEqual([`${mount}/people`])
    expect(await gateway.status(`${mount}/people`)).toBe(200)
  }
  await using outspoken = await people({ manifest: { routing: { strategy: 'service' } } })
  await using gateway = await follow('default_strategy: root', outspoken)
  expect([await gateway.status('/people'), await gateway.status('/users/people')]).toEqual([404, 200])
})

behaviour('farp.domain', 'is where subdomains are; without it the first label decides', async () => {
  await using shop = await people({ manifest: { routing: { strategy: 'subdomain', subdomain: 'shop' } } })
  const under = async (gateway: Running, host: string): Promise<number> =>
    (await rawRequest(gateway.port, head('GET', '/people').replace('gateway.test', host))).response.status
  await using bound = await follow('domain: example.com', shop)
  expect([await under(bound, 'shop.example.com'), await under(bound, 'shop.other.test')]).toEqual([200, 404])
  await using loose = await follow('', shop)
  expect([await under(loose, 'shop.example.com'), await under(loose, 'shop.other.test')]).toEqual([200, 200])
})

behaviour('farp.root_mounts[]', 'are the services of registries that may mount at the root', async () => {
  await using users = await people({ manifest: { routing: { strategy: 'root' } } })
  // Static services always may, and no registry can be named in a file yet: here one takes the place of the static provider.
  const registry: DiscoveryProvider = {
    name: 'registry',
    async *watch(signal) {
      yield [
        {
          id: 'a',
          service: 'users',
          host: '127.0.0.1',
          port: users.port,
          secure: false,
          ready: true,
          weight: 1,
          metadata: { 'farp.enabled': 'true' },
        },
      ]
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  const statusWith = async (farp: string): Promise<number> => {
    using cli = new Cli()
    const file = join(cli.cwd, cli.file('octopus.yaml', `discovery: { backend: static }\nfarp: { ${farp} }`))
    const config = await loadConfig([file], { env: {}, import: () => import('@octopus-gateway/farp') })
    const gateway = createGateway({ ...config.gateway, discovery: [registry] })
    try {
      await gateway.synced
      return (await gateway.request('/people')).status
    } finally {
      await gateway[Symbol.asyncDispose]()
    }
  }
  expect([await statusWith('root_mounts: [users]'), await statusWith('root_mounts: [others]'), await statusWith('')]).toEqual([
    200, 404, 404,
  ])
})

behaviour('farp.reserved_subdomains[]', 'are labels that no service gets, www, admin and api by default', async () => {
  const asking = (subdomain: string): Promise<FarpService> => people({ manifest: { routing: { strategy: 'subdomain', subdomain } } })
  const under = async (farp: string, service: FarpService, host: string): Promise<number> => {
    await using gateway = await follow(farp, service)
    return (await rawRequest(gateway.port, head('GET', '/people').replace('gateway.test', host))).response.status
  }
  await using admin = await asking('admin')
  await using own = await asking('gateway')
  expect([await under('', admin, 'admin.test'), await under('', own, 'gateway.test')]).toEqual([404, 200])
  const reserved = 'reserved_subdomains: [gateway]'
  expect([await under(reserved, admin, 'admin.test'), await under(reserved, own, 'gateway.test')]).toEqual([200, 404])
})

behaviour('farp.allowed_hosts[]', 'are further places that manifests may point to', async () => {
  await using elsewhere = await people({ name: 'schemas', openapi: openapiOf('Elsewhere', ['GET /from-elsewhere']) })
  const schemas = [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: elsewhere.openapiUrl } }]
  await using users = await people({ manifest: { schemas } })
  await using strict = await follow('', users)
  expect([await strict.status('/users/people'), await strict.status('/users/from-elsewhere')]).toEqual([200, 404])
  expect(await codes(strict)).toContain('FOREIGN_HOST')
  expect(elsewhere.counts.openapi).toBe(0)
  await using open = await follow(`allowed_hosts: ["127.0.0.1:${elsewhere.port}"]`, users)
  expect((await open.view('/_/routes')).routes.map(({ path }) => path)).toEqual(['/users/from-elsewhere'])
})

behaviour('farp.probe', 'false asks only services whose metadata speaks of FARP, true, the default here, every one', async () => {
  await using users = await people()
  await using never = await follow('probe: false', users)
  expect([await never.status('/users/people'), users.counts.manifest]).toEqual([404, 0])
  await using declared = await running(
    `${discovery(discovered('users', users.port, 'metadata: { farp.enabled: true }'))}farp: { probe: false }`,
  )
  expect(await declared.status('/users/people')).toBe(200)
  for (const yaml of ['probe: true', '']) {
    await using always = await follow(yaml, users)
    expect(await always.status('/users/people')).toBe(200)
  }
})

behaviour(
  'farp.hash_verification',
  'warn, the default for what instances serve, reports a wrong hash, enforce does not use the schema, off says nothing',
  async () => {
    await using users = await people()
    const wrong = { type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: users.openapiUrl }, hash: 'a'.repeat(64) }
    users.update({ manifest: { schemas: [wrong] } })
    const outcome = async (farp: string): Promise<[number, boolean]> => {
      await using gateway = await follow(farp, users)
      return [await gateway.status('/users/people'), (await codes(gateway)).includes('HASH_MISMATCH')]
    }
    expect(await outcome('')).toEqual([200, true])
    expect(await outcome('hash_verification: warn')).toEqual([200, true])
    expect(await outcome('hash_verification: enforce')).toEqual([404, true])
    expect(await outcome('hash_verification: off')).toEqual([200, false])
  },
)

behaviour('farp.include_introspection', 'true also routes the paths by which a service describes itself', async () => {
  await using users = await people({ openapi: openapiOf('Users', ['GET /people', 'GET /docs', 'GET /health']) })
  await using closed = await follow('', users)
  expect([await closed.status('/users/people'), await closed.status('/users/docs'), await closed.status('/users/health')]).toEqual([
    200, 404, 404,
  ])
  await using open = await follow('include_introspection: true', users)
  expect([await open.status('/users/people'), await open.status('/users/docs'), await open.status('/users/health')]).toEqual([
    200, 200, 200,
  ])
})

behaviour('farp.route_linger', 'is how long routes answer 503 after the last instance went, 30 seconds by default', async () => {
  await using users = await people()
  await using none = await follow(`${QUICK}, route_linger: 0s`, users)
  await using short = await follow(`${QUICK}, route_linger: 400ms`, users)
  await using long = await follow(QUICK, users)
  for (const gateway of [none, short, long]) expect(await gateway.status('/users/people')).toBe(200)
  await users.stop()
  await waitFor(async () => (await none.status('/users/people')) === 404)
  await waitFor(async () => (await short.status('/users/people')) === 503)
  await waitFor(async () => (await short.status('/users/people')) === 404)
  expect(await long.status('/users/people')).toBe(503)
})

behaviour('farp.trust_hints[]', 'names the kinds of hints that services decide, none by default', async () => {
  await using users = await people({
    manifest: { hints: { recommended_timeout: '100ms' } },
    handler: async (_, response) => {
      await new Promise((resolve) => setTimeout(resolve, 400))
      response.end()
    },
  })
  await using closed = await follow('', users)
  expect(await codes(closed)).toContain('HINT_NOT_APPLIED')
  expect(await closed.status('/users/people')).toBe(200)
  await using open = await follow('trust_hints: [timeout]', users)
  expect(await codes(open)).not.toContain('HINT_NOT_APPLIED')
  expect(await open.status('/users/people')).toBe(504)
})

/** The merged document of these services. */
async function merged(gateway: Running): Promise<{
  readonly info: Record<string, string>
  readonly tags: unknown
  readonly paths: Record<string, Record<string, object>>
  readonly components: Record<string, object>
}> {
  return (await fetch(`${gateway.admin}/_/openapi.json`)).json() as ReturnType<typeof merged>
}

behaviour('farp.info.title', 'is shown in merged documents, with a default of its own', async () => {
  await using users = await people()
  await using gateway = await follow('info: { title: "7 wonders" }', users)
  await using plain = await follow('', users)
  expect([(await merged(gateway)).info['title'], (await merged(plain)).info['title']]).toEqual(['7 wonders', 'Federated API'])
})

behaviour('farp.info.version', 'is shown in merged documents, with a default of its own', async () => {
  await using users = await people()
  await using gateway = await follow('info: { version: "7 wonders" }', users)
  await using plain = await follow('', users)
  expect([(await merged(gateway)).info['version'], (await merged(plain)).info['version']]).toEqual(['7 wonders', '1.0.0'])
})

behaviour('farp.info.description', 'is shown in merged documents, with a default of its own', async () => {
  await using users = await people()
  await using gateway = await follow('info: { description: "7 wonders" }', users)
  await using plain = await follow('', users)
  expect([(await merged(gateway)).info['description'], (await merged(plain)).info['description']]).toEqual([
    '7 wonders',
    'Merged API specification from multiple services',
  ])
})

behaviour('farp.collapse_service_tags', 'gives every operation its service as the only tag, off by default', async () => {
  await using users = await people()
  await using off = await follow('', users)
  await using on = await follow('collapse_service_tags: true', users)
  expect((await merged(off)).tags).toEqual([])
  const document = await merged(on)
  expect(document.tags).toEqual([{ name: 'users', description: 'Routes from users' }])
  expect(document.paths['/users/people']!['get']).toMatchObject({ tags: ['users'] })
})

/** Two services with a schema of one name, both under one prefix, and a security scheme each. */
const alike = (name: string, type: string): Promise<FarpService> => {
  const openapi = {
    ...openapiOf(name, [`GET /${name}`]),
    components: { schemas: { Error: { type } }, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  }
  const composition = { include_in_merged: true, component_prefix: 'all' }
  const schema = {
    type: 'openapi',
    spec_version: '3.1.0',
    location: { type: 'inline' },
    inline_schema: openapi,
    metadata: { openapi: { composition } },
  }
  return startFarpService({ name, openapi, manifest: { schemas: [schema] } })
}

behaviour('farp.merge.conflict_strategy', 'decides about names that two services have; both are shown by default', async () => {
  await using a = await alike('a', 'object')
  await using b = await alike('b', 'string')
  await using both = await follow('', a, b)
  await using first = await follow('merge: { conflict_strategy: skip }', a, b)
  expect((await merged(both)).components['schemas']).toEqual({ all_Error: { type: 'object' }, all_Error_2: { type: 'string' } })
  expect((await merged(first)).components['schemas']).toEqual({ all_Error: { type: 'object' } })
})

behaviour('farp.merge.security_strategy', 'decides which security schemes there are; equal ones are one by default', async () => {
  await using a = await alike('a', 'object')
  await using b = await alike('b', 'string')
  await using union = await follow('', a, b)
  await using each = await follow('merge: { security_strategy: per_service }', a, b)
  expect(Object.keys((await merged(union)).components['securitySchemes']!)).toEqual(['key'])
  expect(Object.keys((await merged(each)).components['securitySchemes']!)).toEqual(['all_key', 'all_key_2'])
})

behaviour('farp.include_tags[]', 'take over only routes with one of these tags, all by default', async () => {
  await using users = await people({ manifest: { routing: { tags: ['public'] } } })
  const statusWith = async (farp: string): Promise<number> => {
    await using gateway = await follow(farp, users)
    return await gateway.status('/users/people')
  }
  expect([await statusWith(''), await statusWith('include_tags: [public, v2]'), await statusWith('include_tags: [v2]')]).toEqual([
    200, 200, 404,
  ])
})

behaviour('farp.exclude_tags[]', 'leave out routes with one of these tags', async () => {
  await using users = await people({ manifest: { routing: { tags: ['public', 'internal'] } } })
  await using gateway = await follow('include_tags: [public], exclude_tags: [internal]', users)
  expect([await gateway.status('/users/people'), (await codes(gateway)).includes('TAGS_FILTERED')]).toEqual([404, true])
})

behaviour('farp.major_alias', 'true gives the newest version of each major one a second mount', async () => {
  await using users = await people({ version: 'v1.2.0', manifest: { routing: { strategy: 'versioned' } } })
  await using off = await follow('', users)
  expect([await off.status('/users/v1.2.0/people'), await off.status('/users/v1/people')]).toEqual([200, 404])
  await using on = await follow('major_alias: true', users)
  expect([await on.status('/users/v1.2.0/people'), await on.status('/users/v1/people')]).toEqual([200, 200])
})

/** A manifest with this account of its instance. */
const account = (instance: object): Partial<FarpServiceOptions> => ({
  manifest: { instance: { address: 'x:1', status: 'healthy', ...instance } },
})

behaviour('farp.instance_labels', 'are those that an instance must have to serve', async () => {
  await using users = await people(account({ labels: { env: 'test' } }))
  await using gateway = await follow('instance_labels: { env: prod }', users)
  expect(await gateway.status('/users/people')).toBe(404)
  await using same = await follow('instance_labels: { env: test }', users)
  expect(await same.status('/users/people')).toBe(200)
})

/** Who answers requests to two instances of one service. */
async function answering(farp: string, ...services: readonly FarpService[]): Promise<Set<string>> {
  await using gateway = await running(`${discovery(...services.map(({ port }) => discovered('users', port)))}farp: { ${farp} }\n`)
  const seen = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const { response } = await rawRequest(gateway.port, head('GET', '/users/people'))
    seen.add((JSON.parse(response.body.toString()) as { instance: string }).instance)
  }
  return seen
}

behaviour('farp.region', 'is where the gateway is: instances elsewhere wait until those here are out', async () => {
  await using here = await people({ instanceId: 'here', ...account({ region: 'eu' }) })
  await using there = await people({ instanceId: 'there', ...account({ region: 'us' }) })
  expect(await answering('', here, there)).toEqual(new Set(['here', 'there']))
  expect(await answering('region: eu', here, there)).toEqual(new Set(['here']))
  expect(await answering('region: us', here, there)).toEqual(new Set(['there']))
})

behaviour('farp.split_on', 'keeps clients at a canary or at the others', async () => {
  await using old = await people({ instanceId: 'old' })
  const deployment = { deployment_id: 'd', strategy: 'canary', traffic_percent: 50 }
  await using canary = await people({ instanceId: 'canary', ...account({ role: 'canary', deployment }) })
  expect(await answering('', old, canary)).toEqual(new Set(['old', 'canary']))
  expect((await answering('split_on: ip', old, canary)).size).toBe(1)
})

behaviour('farp.colours', 'are the colours that serve, whatever manifests say', async () => {
  const coloured = (role: string, traffic_percent: number): Partial<FarpServiceOptions> => ({
    instanceId: role,
    ...account({ role, deployment: { deployment_id: 'd', strategy: 'blue_green', traffic_percent } }),
  })
  await using blue = await people(coloured('blue', 100))
  await using green = await people(coloured('green', 0))
  expect(await answering('', blue, green)).toEqual(new Set(['blue']))
  expect(await answering('colours: { users: green }', blue, green)).toEqual(new Set(['green']))
})

/** Requests that a shadow gets of ten to a service. */
async function copied(farp: string, request = head('GET', '/users/people')): Promise<number> {
  await using users = await people()
  await using shadow = await people(account({ role: 'shadow' }))
  await using gateway = await running(`${discovery(...[users, shadow].map(({ port }) => discovered('users', port)))}farp: { ${farp} }\n`)
  for (let i = 0; i < 10; i++) expect((await rawRequest(gateway.port, request)).response.status).toBe(200)
  expect(users.counts.operations).toBe(10)
  // Each copy that is chosen is counted once, when it is over or was not made.
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    return [...text.matchAll(/^octopus_mirrored_requests_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
  }
  if (farp !== '' && !farp.includes('sample: 0')) await waitFor(async () => (await counted()) === 10)
  return shadow.counts.operations
}

behaviour('farp.shadow.enabled', 'true sends shadows copies, which they do not get by default', async () => {
  expect(await copied('')).toBe(0)
  expect(await copied('shadow: { enabled: true }')).toBeGreaterThan(0)
})

behaviour('farp.shadow.sample', 'is the percentage of requests that are copied', async () => {
  expect(await copied('shadow: { enabled: true, sample: 0 }')).toBe(0)
})

behaviour('farp.shadow.max_body', 'is the longest body that is copied', async () => {
  const request = head('GET', '/users/people').replace('\r\n\r\n', `\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2000)}`)
  expect(await copied('shadow: { enabled: true, max_body: 1KiB }', request)).toBe(0)
  expect(await copied('shadow: { enabled: true, max_body: 4KiB }', request)).toBeGreaterThan(0)
})

behaviour(
  'farp.update_policy',
  'gated holds a contract that breaks the approved one; auto, the default, and warn serve it and say so',
  async () => {
    const outcome = async (farp: string): Promise<readonly [string, number]> => {
      await using users = await people()
      await using gateway = await follow(farp === '' ? QUICK : `${QUICK}, ${farp}`, users)
      expect(await gateway.status('/users/people')).toBe(200)
      users.update({ openapi: openapiOf('Users', ['GET /teams']) })
      const code = await waitFor(async () => (await codes(gateway)).find((one) => one.startsWith('CONTRACT_')))
      return [code, await gateway.status('/users/teams')]
    }
    expect(await outcome('')).toEqual(['CONTRACT_CHANGED', 200])
    expect(await outcome('update_policy: auto')).toEqual(['CONTRACT_CHANGED', 200])
    expect(await outcome('update_policy: warn')).toEqual(['CONTRACT_BROKEN', 200])
    expect(await outcome('update_policy: gated')).toEqual(['CONTRACT_HELD', 404])
  },
)
