import { createConsole, processMetrics } from '@octopus-gateway/node'
import { describe, expect, test } from 'vitest'
import { running } from './support/running.ts'
import { service, to } from './support/upstreams.ts'
import { spawnSync } from 'node:child_process'
import { waitFor } from '@octopus-gateway/testing'
import { Writable } from 'node:stream'

/** A stream whose reader decides when a write is done. */
class Sink extends Writable {
  text = ''
  writes = 0
  isStuck = false
  fault: Error | null = null
  #release: (() => void) | null = null

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.writes += 1
    if (this.fault !== null) {
      done(this.fault)
      return
    }
    this.text += chunk.toString()
    if (this.isStuck) this.#release = done
    else done()
  }

  release(): void {
    this.isStuck = false
    this.#release?.()
    this.#release = null
  }
}

const ENTRY = { traceId: '0'.repeat(32), method: 'GET', path: '/x', status: 200, durationMs: 1.25, upstream: 'up' }

describe('createConsole', () => {
  test('writes in batches, in order, and flush waits for all of it', async () => {
    const stream = new Sink()
    const { log, accessLog, flush } = createConsole({ level: 'info', format: 'json', stream })
    for (let i = 0; i < 1000; i++) log.info(`line ${i}`)
    accessLog!.write(ENTRY)
    await flush()
    const lines = stream.text.trimEnd().split('\n')
    expect(lines).toHaveLength(1001)
    expect(
      lines
        .map((line) => JSON.parse(line) as { message?: string })
        .slice(0, 1000)
        .every((line, i) => line.message === `line ${i}`),
    ).toBe(true)
    expect(stream.writes).toBeLessThan(5)
  })

  test('a log that nobody reads never blocks: what does not fit is dropped, counted, and told when there is room', async () => {
    const stream = new Sink()
    stream.isStuck = true
    const { log, flush } = createConsole({ level: 'info', format: 'json', stream })
    log.info('first')
    await waitFor(() => stream.writes === 1)
    const filler = 'f'.repeat(1024 * 1024)
    for (let i = 0; i < 20; i++) log.info(filler)
    expect(stream.writes).toBe(1)
    stream.release()
    await flush()
    const lines = stream.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { message: string; count?: number })
    const kept = lines.filter(({ message }) => message === filler).length
    expect(kept).toBeGreaterThan(5)
    expect(kept).toBeLessThan(9)
    expect(lines.find(({ message }) => message === 'log lines dropped')?.count).toBe(20 - kept)
  })

  test('a reader that has gone (EPIPE) ends nothing, and flush still resolves', async () => {
    const stream = new Sink()
    stream.fault = Object.assign(new Error('broken pipe'), { code: 'EPIPE' })
    const { log, accessLog, flush } = createConsole({ level: 'info', format: 'json', stream })
    log.info('lost')
    await flush()
    for (let i = 0; i < 10; i++) {
      accessLog!.write(ENTRY)
      await flush()
    }
    expect(stream.text).toBe('')
  })

  test('flush without anything to write resolves', async () => {
    await createConsole({ level: 'info', format: 'text', stream: new Sink() }).flush()
  })

  test('request lines are info: none at warn', () => {
    expect(createConsole({ level: 'warn', format: 'json', stream: new Sink() }).accessLog).toBeUndefined()
    expect(createConsole({ level: 'debug', format: 'json', stream: new Sink() }).accessLog).toBeDefined()
  })

  test('hostile text stays on its line, in both formats', async () => {
    for (const format of ['json', 'text'] as const) {
      const stream = new Sink()
      const { log, accessLog, flush } = createConsole({ level: 'info', format, stream })
      accessLog!.write({ ...ENTRY, path: '/a\nforged \u001b[31m\u2028' })
      log.info('message\nforged', { reason: 'a\nb\u001b[0m' })
      await flush()
      expect(stream.text.trimEnd().split('\n')).toHaveLength(2)
      expect(stream.text).not.toContain('\u001b[31m')
    }
  })

  test('one line for each request of a gateway', async () => {
    const stream = new Sink()
    const { log, accessLog, flush } = createConsole({ level: 'info', format: 'json', stream })
    const up = await service()
    const { server } = await running({ ...to(up), log, ...(accessLog === undefined ? {} : { accessLog }) })
    await (await fetch(`${server.url}/a?secret=1`)).text()
    await flush()
    expect(stream.text.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(stream.text)).toMatchObject({ method: 'GET', path: '/a', status: 200, upstream: 'up' })
    expect(stream.text).not.toContain('secret')
  })
})

describe('processMetrics', () => {
  test('can be made several times, each a registry of its own', async () => {
    const [a, b] = [processMetrics(), processMetrics()]
    expect(await a.exposition()).toContain('process_cpu_seconds_total')
    expect(await b.exposition()).toContain('nodejs_heap_size_used_bytes')
  })

  test.skipIf(spawnSync('promtool', ['--version']).status !== 0)('promtool finds nothing to complain about', async () => {
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
      input: await processMetrics().exposition(),
      encoding: 'utf8',
    })
    expect([stdout, stderr, status]).toEqual(['', '', 0])
  })

  test.skipIf(spawnSync('promtool', ['--version']).status !== 0)(
    "behind a gateway's own metrics it names nothing but the two gauges whose names are fixed",
    async () => {
      const up = await service()
      const { gateway, server } = await running(to(up))
      await (await fetch(server.url)).text()
      const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: gateway.metrics.exposition() + (await processMetrics().exposition()),
        encoding: 'utf8',
      })
      const names = `${stdout}${stderr}`.split('\n').flatMap((line) => /^(\S+) /.exec(line)?.[1] ?? [])
      // The second has no series without FARP services.
      expect(names.filter((name) => !['octopus_farp_services_total', 'octopus_farp_routes_total'].includes(name))).toEqual([])
    },
  )
})
