import { expect, onTestFinished, test } from 'vitest'
import { Gate } from './gates.ts'
import { LIMITS } from '../limits.ts'
import { memoryStore } from '@octopus-gateway/core'
import { PushError } from './push-error.ts'
import { readSubmission } from './submission.ts'
import { register } from './register.ts'
import { Registry } from './registry.ts'
import { settingsOf } from '../options.ts'
import type { Desk } from './desk.ts'

const silent = { error() {}, warn() {}, info() {}, debug() {} }

test('[R38] manifests that register themselves do not fill the memory', async () => {
  const settings = settingsOf({}, { ...LIMITS, registeredCharacters: 1_000 })
  const registry = new Registry({ store: memoryStore(), log: silent, heartbeatTimeout: 30_000, changed() {} })
  onTestFinished(() => registry.stop())
  const gates = { all: new Gate(100), updates: new Gate(100) }
  const principal = { owner: 'token:1', services: undefined, ip: '10.0.0.9', isLoopback: false }
  const push = async (service: string, length: number): Promise<string> => {
    const manifest = { service_name: service, 'x-padding': 'x'.repeat(length) }
    const instance = { id: 'i', service_name: service, address: '10.0.0.1', port: 8080 }
    try {
      await register(readSubmission({ instance, manifest }, LIMITS), principal, { desk: { registry } as unknown as Desk, settings, gates })
      return 'registered'
    } catch (thrown) {
      if (thrown instanceof PushError) return thrown.code
      throw thrown
    }
  }
  expect(await push('a', 400)).toBe('registered')
  expect(await push('b', 400)).toBe('registered')
  expect(await push('c', 400)).toBe('LIMIT_EXCEEDED')
  // What it replaces does not count.
  expect(await push('b', 450)).toBe('registered')
  expect(await push('b', 900)).toBe('LIMIT_EXCEEDED')
})
