import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { closedPort, openapiOf, startFarpService } from '@octopus-gateway/testing'
import { Cli } from './harness.ts'

let cli: Cli
beforeEach(() => {
  cli = new Cli()
})
afterEach(() => cli[Symbol.dispose]())

const minimal = {
  version: '1.0.0',
  service_name: 'orders',
  schemas: [{ type: 'openapi', hash: 'abc', location: { type: 'http', url: '/openapi.json' } }],
}

describe('usage', () => {
  test('the group and its commands have help', async () => {
    expect(await cli.run(['--help'])).toBe(0)
    expect(cli.out).toMatch(/ {2}farp +Tools for services that speak FARP/)
    for (const argv of [
      ['farp', '--help'],
      ['help', 'farp'],
    ])
      expect(await cli.run(argv)).toBe(0)
    expect(cli.out).toContain('farp validate')
    expect(await cli.run(['farp', 'validate', '-h'])).toBe(0)
    expect(cli.out).toContain('Usage: octopus farp validate [FILE or URL] [options]')
    expect(await cli.run(['farp'])).toBe(2)
  })

  test.each([
    [['farp', 'valdate'], 'there is no command "farp valdate"; did you mean farp validate?'],
    [['farp', 'validate'], 'FILE or URL is missing'],
    [['farp', 'inspect'], 'URL is missing'],
    [['farp', 'validate', 'a', 'b'], '"b" is one argument too many'],
    [['farp', 'validate', 'a', '--format', 'xml'], '--format must be text or json, not "xml"'],
    [['farp', 'inspect', 'a', '--strickt'], 'there is no option --strickt; did you mean --strict?'],
  ])('%j ends with 2', async (argv, message) => {
    expect(await cli.run(argv)).toBe(2)
    expect(cli.err).toContain(message)
  })
})

describe('farp validate', () => {
  test('a manifest that a gateway takes ends with 0, with everything that is odd about it', async () => {
    cli.file('manifest.json', JSON.stringify(minimal))
    expect(await cli.run(['farp', 'validate', 'manifest.json'])).toBe(0)
    expect(cli.out).toMatch(/^SEVERITY +POINTER +RULE +MESSAGE\n/)
    expect(cli.out).toMatch(/info +\/schemas\/0\/hash +MANIFEST_LENIENT +schemas\[0\]: hash is not 64/)
    expect(cli.out).toMatch(/OK: service orders, 1 schema, \d+ findings\n$/)
  })

  test('the strictest peer refuses it, and says everything at once', async () => {
    cli.file('manifest.json', JSON.stringify(minimal))
    expect(await cli.run(['farp', 'validate', '--strict', '--format', 'json', 'manifest.json'])).toBe(1)
    const report = JSON.parse(cli.out) as { valid: boolean; mode: string; findings: { severity: string; pointer: string; rule: string }[] }
    expect(report).toMatchObject({ valid: false, mode: 'strict' })
    const errors = report.findings.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      '/instance_id',
      '/endpoints/health',
      '/schemas/0/spec_version',
      '/schemas/0/hash',
      '/schemas/0/content_type',
    ])
    expect(report.findings.slice(0, 5)).toEqual(errors)
  })

  test('a refused manifest ends with 1', async () => {
    cli.file('manifest.json', JSON.stringify({ ...minimal, routing: { strategy: 'sideways\u001b[31m' } }))
    expect(await cli.run(['farp', 'validate', 'manifest.json'])).toBe(1)
    expect(cli.out).toMatch(/error +\/routing\/strategy +VALIDATION/)
    expect(cli.out).toMatch(/REFUSED: \d+ findings\n$/)
    expect(cli.out).not.toContain('\u001b')
  })

  test('a running service is asked for its manifest', async () => {
    await using service = await startFarpService({ name: 'orders', openapi: openapiOf('Orders', ['GET /a']) })
    expect(await cli.run(['farp', 'validate', service.origin])).toBe(0)
    expect(cli.out).toContain('OK: service orders, 1 schema, 0 findings')
  })

  test('what cannot be read is told in words', async () => {
    expect(await cli.run(['farp', 'validate', 'nothing.json'])).toBe(1)
    expect(await cli.run(['farp', 'validate', `http://127.0.0.1:${await closedPort()}`])).toBe(1)
    cli.file('large.json', ' '.repeat(1_048_577))
    expect(await cli.run(['farp', 'validate', 'large.json'])).toBe(1)
    expect(cli.err).toContain('nothing.json')
    expect(cli.err).toContain('the connection was refused')
    expect(cli.err).toContain('larger than 1 MiB')
    expect(cli.err).not.toContain('    at ')
  })
})

describe('farp inspect', () => {
  test('shows what a gateway makes of a service', async () => {
    await using service = await startFarpService({
      name: 'orders',
      version: 'v1.2.0',
      instanceId: 'orders-1',
      openapi: openapiOf('Orders', ['GET /orders/{id}']),
      manifest: { capabilities: ['rest', 'red\u001b[31m'] },
    })
    expect(await cli.run(['farp', 'inspect', service.origin])).toBe(0)
    expect(cli.out).toMatch(/^orders v1\.2\.0\nmanifest +http/)
    expect(cli.out).toMatch(/orders-1 +http:\/\/127\.0\.0\.1:\d+ +serving +100/)
    expect(cli.out).toMatch(/openapi +3\.1\.\d +undeclared +1 +http/)
    expect(cli.out).toMatch(/\* +GET +\/orders\/orders\/\{id\} +orders/)
    expect(cli.out).toContain('There are no findings.')
    expect(cli.out).not.toContain('\u001b')
  })

  test('as JSON, with the findings', async () => {
    const schemas = [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: 'http://foreign.test/openapi.json' } }]
    await using service = await startFarpService({ name: 'orders', manifest: { schemas, checksum: '' } })
    expect(await cli.run(['farp', 'inspect', '--format', 'json', service.origin])).toBe(1)
    const report = JSON.parse(cli.out) as { routes: unknown[]; schemas: unknown[]; findings: { rule: string }[] }
    expect(report.routes).toEqual([])
    expect(report.schemas).toMatchObject([{ type: 'openapi', verdict: 'undeclared', url: expect.stringContaining(service.origin) }])
    expect(report.findings.map(({ rule }) => rule)).toContain('FOREIGN_HOST')
  })

  test('a service that is not there ends with 1', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`
    expect(await cli.run(['farp', 'inspect', url])).toBe(1)
    expect(cli.out).toContain(`${url} has no manifest that a gateway accepts.`)
    expect(cli.out).toContain('INSTANCE_UNREACHABLE')
  })
})
