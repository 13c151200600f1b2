import { ANN, BOB, guard } from '../../support/tokens.ts'
import { compression, cors, rateLimit, requestId } from '@octopus-gateway/core/plugins'
import { describeLanes } from '../support/describe-lanes.ts'
import { disguisesOf, isCall, isHandshake, isPlain, refusals } from './disguises.ts'
import { expect, test } from 'vitest'
import { plugin } from '../../upgrade/support/watching.ts'
import { isCarriedOn, PROTOCOLS } from './protocols.ts'
import type { Lane, Running } from '../support/describe-lanes.ts'
import type { Hooks, Plugin, RouteDefinition } from '@octopus-gateway/core'
import type { Fields, Speaking, Spoken, Told } from './spoken.ts'

const SHOP = 'https://shop.example'

interface Started {
  readonly up: Speaking
  readonly running: Running
  ask(...fields: Fields): Promise<Told>
}

async function start(lane: Lane, spoken: Spoken, plugins: readonly Plugin[], route: Partial<RouteDefinition> = {}): Promise<Started> {
  const { up, options } = await spoken.start()
  const running = await lane.start({ ...options, routes: options.routes!.map((one) => ({ ...one, ...route })), plugins })
  return { up, running, ask: (...fields) => spoken.ask(running, fields, lane) }
}

for (const spoken of PROTOCOLS) {
  describeLanes(`policies on ${spoken.name}`, (lane) => {
    const isCarried = isCarriedOn(spoken, lane)
    const passed = isCarried ? 200 : 501

    test('[R1] without a policy the protocol passes, or is refused where the lane cannot carry it', async () => {
      const { up, ask } = await start(lane, spoken, [])
      const { status, text } = await ask()
      expect([status, text.includes('text'), up.count]).toEqual([passed, isCarried, isCarried ? 1 : 0])
    })

    test.each(disguisesOf(lane))('[R1] auth: nobody gets past it with %s', async (_name, fields) => {
      const { up, ask } = await start(lane, spoken, [guard()])
      for (const credential of [[], [['authorization', 'Bearer stranger']]] as Fields[]) {
        const { status, text } = await ask(...credential, ...fields)
        expect(refusals(lane, spoken, fields, 401)).toContain(status)
        expect(text).not.toContain('text text')
      }
      expect(up.count).toBe(0)
    })

    test('[R1] what says to be a call and is no POST is refused, and never passed on', async () => {
      const { up, running } = await start(lane, spoken, [guard(), rateLimit({ rate: 1, per: '1h' })])
      const headers: Fields = [['content-type', 'application/grpc'], ANN]
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const { status, text } = await running.sendAlone({ method, headers }, 'HTTP/1.1 carries no calls at all')
        expect([status, text.includes('text text')]).toEqual([lane.isHttp2 ? 405 : 501, false])
      }
      expect(up.count).toBe(0)
    })

    test('[R1] [R4] auth: who is known passes, and the upstream is told who it is and not what the client claims', async () => {
      const { up, ask } = await start(lane, spoken, [guard()])
      const forged: Fields = [
        ['x-auth-principal', 'root'],
        ['X-AUTH-ROLES', 'admin'],
        ['x_auth_roles', 'admin'],
        ['x-auth_scopes', 'all'],
      ]
      expect((await ask(BOB, ...forged)).status).toBe(passed)
      if (!isCarried) return
      const names = ['x-auth-principal', 'x-auth-roles', 'x-auth-scopes', 'x_auth_roles', 'x-auth_scopes']
      expect(names.map((name) => up.header(name))).toEqual(['bob', undefined, undefined, undefined, undefined])
      expect((await ask(ANN, ...forged)).status).toBe(200)
      expect(names.map((name) => up.header(name))).toEqual(['ann', 'reader', 'orders:read', undefined, undefined])
    })

    test('[R2] auth: what a route demands is required also where anonymous callers are welcome', async () => {
      const { up, ask } = await start(lane, spoken, [guard({ required: false })], { auth: { scopes: ['orders:read'] } })
      const statuses = []
      for (const fields of [[], [BOB], [ANN]] as Fields[]) statuses.push((await ask(...fields)).status)
      expect(statuses).toEqual(isCarried ? [401, 403, 200] : [501, 501, 501])
      expect(up.count).toBe(isCarried ? 1 : 0)
    })

    test('[R4] without auth nobody may claim an identity either', async () => {
      const { up, ask } = await start(lane, spoken, [])
      await ask(['x-auth-principal', 'root'], ['x_auth_roles', 'admin'])
      expect([up.header('x-auth-principal'), up.header('x_auth_roles'), up.header('x-auth-roles')]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    })

    test.each(disguisesOf(lane))('[R1] rate_limit: counts with %s', async (_name, fields) => {
      const { up, ask } = await start(lane, spoken, [rateLimit({ rate: 2, per: '1h' })])
      const told = [await ask(...fields), await ask(...fields), await ask(...fields)]
      expect(up.count).toBeLessThanOrEqual(2)
      expect(refusals(lane, spoken, fields, 429)).toContain(told[2]!.status)
      if (isPlain(fields)) expect(told[0]!.status).toBe(passed)
      if (told[0]!.status === 200) {
        expect(told.map(({ status }) => status)).toEqual([200, 200, 429])
        expect(told.map((one) => one.header('ratelimit'))).toEqual(['"ip";r=1;t=1800', '"ip";r=0;t=3600', '"ip";r=0;t=3600'])
        expect(told[2]!.header('retry-after')).toBe('1800')
      }
    })

    test('[R7] rate_limit: an untrusted client cannot choose its address', async () => {
      const { ask } = await start(lane, spoken, [rateLimit({ rate: 1, per: '1h' })])
      await ask(['x-forwarded-for', '192.0.2.1'])
      expect((await ask(['x-forwarded-for', '192.0.2.2'], ['forwarded', 'for=192.0.2.3'])).status).toBe(isCarried ? 429 : 501)
    })

    test.each(disguisesOf(lane))('[R1] [R6] cors: decides who may read with %s', async (_name, fields) => {
      const { ask } = await start(lane, spoken, [cors({ allowedOrigins: [SHOP] })])
      const allowed = await ask(['origin', SHOP], ...fields)
      expect([allowed.header('access-control-allow-origin'), allowed.header('vary')?.toLowerCase()]).toEqual([
        SHOP,
        allowed.status === 200 ? 'accept, origin' : 'origin',
      ])
      const other = await ask(['origin', 'https://evil.test'], ...fields)
      expect([other.header('access-control-allow-origin'), other.header('vary')?.toLowerCase()]).toEqual([
        undefined,
        other.status === 200 ? 'accept, origin' : 'origin',
      ])
    })

    test.each(disguisesOf(lane))('[R1] request_id: is on every answer with %s', async (_name, fields) => {
      const { up, ask } = await start(lane, spoken, [requestId()])
      const { status, header } = await ask(['x-request-id', 'forged'], ...fields)
      expect(header('x-request-id')).toMatch(/^[\da-f]{32}$/)
      if (status === 200) expect(up.header('x-request-id')).toBe(header('x-request-id'))
    })

    test.each(disguisesOf(lane))('[R1] [R27] compression: goes by the answer, with %s', async (_name, fields) => {
      const { ask } = await start(lane, spoken, [compression({ algorithms: ['gzip'] })])
      const { status, header, text } = await ask(['accept-encoding', 'gzip'], ...fields)
      const isCoded = status === 200 && spoken.isCompressed && !isCall(lane, fields) && !isHandshake(lane, fields)
      expect(header('content-encoding')).toBe(isCoded ? 'gzip' : undefined)
      if (status === 200) expect(text.includes('text')).toBe(!isCoded)
    })

    test('[R6] cors: a preflight is answered for the route, before auth, and the service is not asked', async () => {
      const { up, running } = await start(lane, spoken, [guard(), cors({ allowedOrigins: [SHOP] }), rateLimit({ rate: 1, per: '1h' })])
      const headers: Fields = [
        ['origin', SHOP],
        ['access-control-request-method', spoken.method],
      ]
      for (let i = 0; i < 2; i++) {
        const { status, header } = await running.sendAlone({ method: 'OPTIONS', headers }, 'a matrix compares nothing')
        expect([status, header('access-control-allow-origin')]).toEqual([204, SHOP])
      }
      expect(up.count).toBe(0)
    })

    // Plain HTTP goes through the middleware.
    if (spoken.lanes !== 'all' && isCarried)
      test('[R1] a middleware that says its phases suffice opens no way around the others', async () => {
        let passes = 0
        const middleware: Hooks['middleware'] = (_c, next) => ((passes += 1), next())
        const carrying = plugin('carrying', { middleware, carries: ['websocket', 'grpc'] })
        for (const plugins of [
          [carrying, guard(), rateLimit({ rate: 1, per: '1h' })],
          [guard(), rateLimit({ rate: 1, per: '1h' }), carrying],
        ]) {
          const { up, ask } = await start(lane, spoken, plugins)
          expect([(await ask()).status, up.count]).toEqual([401, 0])
          expect([(await ask(ANN, ['x-auth-principal', 'root'])).status, up.header('x-auth-principal')]).toEqual([200, 'ann'])
          expect([(await ask(ANN)).status, up.count]).toEqual([429, 1])
        }
        expect(passes).toBe(0)
      })

    test('[R1] all five together: a refusal has the fields of every policy', async () => {
      const plugins = [requestId(), cors({ allowedOrigins: [SHOP] }), rateLimit(), guard(), compression()]
      const { up, ask } = await start(lane, spoken, plugins)
      const { status, header } = await ask(['origin', SHOP])
      expect([status, header('access-control-allow-origin')]).toEqual([isCarried ? 401 : 501, SHOP])
      expect(header('x-request-id')).toMatch(/^[\da-f]{32}$/)
      if (isCarried) expect([header('ratelimit'), header('www-authenticate')]).toEqual(['"ip";r=99;t=1', 'Bearer realm="octopus"'])
      expect(up.count).toBe(0)
    })
  })
}
