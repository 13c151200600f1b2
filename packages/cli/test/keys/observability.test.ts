import { behaviour } from './behaviour.ts'
import { Cli } from '../harness.ts'
import { closedPort, waitFor } from '@octopus-gateway/testing'
import { expect } from 'vitest'
import { running } from './running.ts'

behaviour('observability.metrics.enabled', 'true, the default, counts requests and serves the numbers', async () => {
  await using gateway = await running('{}')
  await gateway.status('/nowhere')
  const scrape = async (): Promise<string> => (await fetch(`${gateway.admin}/metrics`)).text()
  expect(await waitFor(async () => /^octopus_requests_total\{.*status="404".*\} 1$/m.test(await scrape()))).toBe(true)
})

behaviour('observability.metrics.enabled', 'false serves none', async () => {
  await using gateway = await running('observability: { metrics: { enabled: false } }')
  expect((await fetch(`${gateway.admin}/metrics`)).status).toBe(404)
  expect(await (await fetch(`${gateway.admin}/_/`)).json()).not.toHaveProperty('metrics')
})

behaviour('observability.metrics.path', 'is where the numbers are', async () => {
  await using gateway = await running('observability: { metrics: { path: /prom/scrape } }')
  expect((await fetch(`${gateway.admin}/metrics`)).status).toBe(404)
  expect(await (await fetch(`${gateway.admin}/prom/scrape`)).text()).toContain('octopus_requests_total')
})

/** Starts with a fixed port, because at some levels nothing says where it listens; sends one request; gives the output at the end. */
async function output(logging: string, isTerminal = false): Promise<string> {
  using cli = new Cli()
  const port = await closedPort()
  const server = `server: { http_port: ${port}, host: 127.0.0.1 }\nadmin: { enabled: false }\n`
  cli.file('octopus.yaml', `${server}observability: { logging: { ${logging} } }`)
  const ended = cli.run(['-c', 'octopus.yaml'], { isTerminal })
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/asked`)).status === 404, { timeout: 10_000 })
  cli.signal()
  expect(await ended).toBe(0)
  return cli.out
}

behaviour('observability.logging.level', 'info, the default, has a line for every request', async () => {
  const lines = (await output('')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({ level: 'info', message: 'request processed', method: 'GET', path: '/asked', status: 404 }),
  )
})

behaviour('observability.logging.level', 'warn and error leave out what is less urgent', async () => {
  expect(await output('level: warn')).toBe('')
  expect(await output('level: error')).toBe('')
})

behaviour('observability.logging.level', 'debug has the lines of info too', async () => {
  expect(await output('level: debug')).toContain('request processed')
})

behaviour('observability.logging.format', 'text is for people', async () => {
  expect(await output('format: text')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} 404 GET \/asked -> - [\d.]+ms$/m)
})

behaviour('observability.logging.format', 'json also on a terminal, where the default is text', async () => {
  const lines = (await output('format: json', true)).trim().split('\n')
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('message')
  expect(await output('', true)).toMatch(/ 404 GET \/asked /)
})
