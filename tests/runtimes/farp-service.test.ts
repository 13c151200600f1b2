import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { closedPort } from '@octopus-gateway/testing'
import { schemaHash } from '@octopus-gateway/farp-digest'
import { beforeAll, expect, test } from 'vitest'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { root } from '../support/process.ts'
import { WAYS } from './support/ways.ts'

beforeAll(() => assertBuilt('packages/farp-service'))

const runtimes = [...new Map(WAYS.map((way) => [way.command?.[0] ?? way.title, way])).values()]

// A registration that waits for its gateway keeps no process alive, on any runtime.
test.each(runtimes.filter(({ command }) => command !== undefined))('a service tells its manifest and ends: $title', async ({ command }) => {
  const [program, ...flags] = command!
  const app = join(root, 'tests/runtimes/app/farp-service.mjs')
  const gateway = `http://127.0.0.1:${await closedPort()}`
  const { status, stdout, stderr } = spawnSync(program, [...flags, app, gateway], { cwd: root, encoding: 'utf8', timeout: 10_000 })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const openapi = { openapi: '3.1.0', info: { title: 'A & B <v1>', version: '1' }, paths: { '/a': { get: {} } } }
  expect(JSON.parse(stdout)).toMatchObject({ service_name: 'orders', schemas: [{ type: 'openapi', hash: schemaHash(openapi) }] })
})
