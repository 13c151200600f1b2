import { createGateway } from '@octopus-gateway/core'
import { expect, onTestFinished, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { loadConfig } from '@octopus-gateway/config'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { waitFor } from '@octopus-gateway/testing'

test('the example: what its file lists is found, and found anew when it is written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octopus-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(fileURLToPath(new URL('../../../examples/discovery-file', import.meta.url)), folder, { recursive: true })
  const { gateway: options } = await loadConfig([join(folder, 'octopus.yaml')], { env: {}, import: (specifier) => import(specifier) })
  await using gateway = createGateway({ discovery: options.discovery! })
  await gateway.synced
  expect(gateway.services).toMatchObject([
    { service: 'orders', host: '127.0.0.1', port: 8082, version: 'v2.0.1' },
    { service: 'catalog', host: '127.0.0.1', port: 8083, zone: 'here' },
  ])
  writeFileSync(join(folder, 'services.yaml'), '- { name: orders, address: 127.0.0.1, port: 8092 }\n')
  await waitFor(() => gateway.services.length === 1 && gateway.services[0]!.port === 8092)
})
