import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '@octopus-gateway/config'
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEureka, waitFor } from '@octopus-gateway/testing'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const example = (name: string): string => fileURLToPath(new URL(`../../../examples/discovery-eureka/${name}`, import.meta.url))

test('the example: what it registers is found by what it configures, and the gateway is registered', async () => {
  await using eureka = await startEureka()
  const registered = await fetch(`${eureka.url}/apps/USERS`, { method: 'POST', body: readFileSync(example('users.json')) })
  expect(registered.status).toBe(204)
  const folder = mkdtempSync(join(tmpdir(), 'octopus-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'here.yaml'), `discovery: { eureka: { servers: ["${eureka.url}"] } }\n`)
  const { gateway: options } = await loadConfig([example('octopus.yaml'), join(folder, 'here.yaml')], {
    env: {},
    import: (specifier) => import(specifier),
  })
  await using gateway = createGateway({ discovery: options.discovery! })
  await gateway.synced
  expect(gateway.services.find(({ service }) => service === 'users')).toMatchObject({ port: 8081, version: '1.0.0' })
  await waitFor(() => eureka.registry.get('octopus-gateway', '127.0.0.1:octopus-gateway:8080'))
})
