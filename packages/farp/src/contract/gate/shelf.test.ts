import { expect, test } from 'vitest'
import { memoryStore } from '@octopus-gateway/core'
import { sha256 } from '../../manifest/checksum.ts'
import { Shelf } from './shelf.ts'
import type { ContractRecord } from './record.ts'

test('a contract that cannot be written down is a line of the log, and the next one is kept', async () => {
  const store = memoryStore()
  const logged: string[] = []
  const note = (message: string): void => void logged.push(message)
  const shelf = new Shelf(store, { error: note, warn: note, info() {}, debug() {} }, { restored() {}, loaded() {} })
  const record = (document: object): ContractRecord => ({
    service: 'users',
    line: 'users',
    approved: [],
    rejected: [],
    baseline: {
      digest: 'd',
      generation: 'g',
      version: '1',
      checksum: '',
      operations: new Map(),
      schemas: [{ kind: 'openapi', hash: 'h', document: document as never }],
    },
  })
  const endless: Record<string, unknown> = {}
  endless['self'] = endless
  expect(await shelf.put(record(endless))).toBeUndefined()
  expect(logged).toEqual(['a contract could not be kept; the decision is lost when the process ends'])
  const digest = await shelf.put(record({}))
  expect((await store.list('')).map(({ key, value }) => [key, sha256(value)])).toEqual([['farp/contracts/users', digest]])
  shelf.stop()
})
