import { describeLanes } from './support/describe-lanes.ts'
import { expect, test } from 'vitest'
import { service, to } from '../support/upstreams.ts'
import { waitFor } from '@octopus-gateway/testing'

async function* chunks(count: number, size: number): AsyncIterable<Uint8Array> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(size, 0x63)
}

describeLanes('limits', (lane) => {
  test('a target at the limit passes, one byte more is 414', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), limits: { uri: 100 } })
    expect((await send({ path: `/${'a'.repeat(99)}` })).status).toBe(200)
    const refused = await send({ path: `/${'a'.repeat(100)}` })
    expect([refused.status, refused.json()['code']]).toEqual([414, 'URI_TOO_LONG'])
    expect(up.count).toBe(1)
  })

  test('fields over their bytes are 431', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), limits: { headers: 1000 } })
    expect((await send({ headers: [['x-a', 'a'.repeat(800)]] })).status).toBe(200)
    const refused = await send({ headers: [['x-a', 'a'.repeat(1000)]] })
    expect([refused.status, refused.json()['code']]).toEqual([431, 'HEADERS_TOO_LARGE'])
    expect(up.count).toBe(1)
  })

  test('fields over their number are 431', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), limits: { headerCount: 30 } })
    const fields = (count: number): [string, string][] => Array.from({ length: count }, (_, i) => [`x-${i}`, '1'])
    expect((await send({ headers: fields(25) })).status).toBe(200)
    const refused = await send({ headers: fields(31) })
    expect([refused.status, refused.json()['code']]).toEqual([431, 'HEADERS_TOO_LARGE'])
    expect(up.count).toBe(1)
  })

  test('a body at its limit passes, counted or in chunks', async () => {
    const up = await service()
    const { send } = await lane.start({ ...to(up), limits: { body: 1000 } })
    expect((await send({ method: 'POST', body: Buffer.alloc(1000, 0x61) })).json()).toMatchObject({ body_bytes: 1000 })
    expect((await send({ method: 'POST', body: chunks(10, 100) })).json()).toMatchObject({ body_bytes: 1000 })
  })

  test('a body that declares more is 413; one that turns out larger is 413 and is never whole for the upstream', async () => {
    const up = await service()
    const { send, sendAlone } = await lane.start({ ...to(up), limits: { body: 1000 } })
    const declared = await send({ method: 'POST', body: Buffer.alloc(1001, 0x61) })
    expect([declared.status, declared.json()['code']]).toEqual([413, 'BODY_TOO_LARGE'])
    const counted = await sendAlone({ method: 'POST', body: chunks(40, 100) }, 'the client may still be sending when the answer comes')
    expect([counted.status, counted.json()['code']]).toEqual([413, 'BODY_TOO_LARGE'])
    await waitFor(() => up.requests.every((request) => request.state === 'aborted'), { what: 'the upstream to see the abort' })
  })

  test('the gateway goes on after each refusal', async () => {
    const up = await service()
    const { send, gateway } = await lane.start({ ...to(up), limits: { body: 10, uri: 50 } })
    for (let i = 0; i < 5; i++) {
      expect((await send({ method: 'POST', body: 'far more than ten bytes' })).status).toBe(413)
      expect((await send({ path: `/${'a'.repeat(60)}` })).status).toBe(414)
      expect((await send({ path: '/fine' })).status).toBe(200)
    }
    expect(gateway.endpoints(gateway.snapshot.upstreams.get('up')!)[0]!.active).toBe(0)
  })
})
