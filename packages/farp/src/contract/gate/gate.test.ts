import { expect, test } from 'vitest'
import { ContractGate } from './gate.ts'
import { LIMITS } from '../../limits.ts'
import { memoryStore } from '@octopus-gateway/core'
import { settingsOf } from '../../options.ts'
import type { Generation } from '../../source/routes.ts'

const silent = { error() {}, warn() {}, info() {}, debug() {} }

/** What a version of a service offers: nothing, which is a contract as well. */
function generation(version: string): Generation {
  const manifest = { serviceVersion: version, checksum: '', schemas: [], routing: { pathRules: [] }, raw: {} }
  const placement = { strategy: 'versioned', mount: { prefix: `/users/${version}` }, upstream: `users/${version}` }
  return { id: version, sample: { manifest, schemas: [] }, placement } as unknown as Generation
}

test('[R38] versions that are gone are forgotten when there are too many, those about which somebody decided are not', async () => {
  const settings = settingsOf({}, { ...LIMITS, services: 2 })
  const gate = new ContractGate(settings, { store: memoryStore(), log: silent, changed() {}, counted() {} })
  for (let n = 0; n < 100; n++) {
    const name = `users/${n}`
    gate.look('users', name, [generation(`${n}`)])
    if (n === 0) await gate.approve('users', '0')
    gate.keepOnly('users', new Set([name]))
  }
  expect(gate.lines.map(({ name }) => name).sort()).toEqual(['0', '93', '94', '95', '96', '97', '98', '99'].map((n) => `users/${n}`))
  expect(gate.lines.filter(({ offered, contracts }) => offered.size + contracts.size > 0).map(({ name }) => name)).toEqual(['users/99'])
  gate.stop()
})
