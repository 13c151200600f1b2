import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '@octopus-gateway/config'
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startConsul } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const example = (name: string): string => fileURLToPath(new URL(`../../../examples/discovery-consul/${name}`, import.meta.url))

test('the example: what it registers is found by what it configures', async () => {
  await using consul = await startConsul()
  const registered = await fetch(`http://${consul.address}/v1/agent/service/register`, {
    method: 'PUT',
    body: readFileSync(example('users.json')),
  })
  expect(registered.status).toBe(200)
  const folder = mkdtempSync(join(tmpdir(), 'octopus-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'here.yaml'), `discovery: { consul: { address: "${consul.address}" } }\n`)
  const { gateway: options } = await loadConfig([example('octopus.yaml'), join(folder, 'here.yaml')], {
    env: {},
    import: (specifier) => import(specifier),
  })
  await using gateway = createGateway({ discovery: options.discovery! })
  await gateway.synced
  expect(gateway.services).toMatchObject([
    { service: 'users', port: 8081, version: '1.0.0', metadata: { tags: 'farp', farp_enabled: 'true' } },
  ])
})
