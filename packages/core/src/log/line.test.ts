import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessLine, createLogger, timestamp } from './line.ts'

const ENTRY = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  method: 'GET',
  path: '/a',
  status: 200,
  durationMs: 1.23456,
  upstream: 'users',
}

describe('the request log line', () => {
  it('has exactly the documented fields, in order, with the documented types', () => {
    const line = accessLine(ENTRY)
    const parsed = JSON.parse(line) as Record<string, unknown>
    expect(line.endsWith('\n')).toBe(true)
    expect(Object.keys(parsed)).toEqual([
      'timestamp',
      'level',
      'message',
      'trace_id',
      'method',
      'path',
      'status',
      'duration_ms',
      'upstream',
    ])
    expect(parsed).toMatchObject({
      level: 'info',
      message: 'request processed',
      trace_id: ENTRY.traceId,
      method: 'GET',
      path: '/a',
      status: 200,
      duration_ms: 1.235,
      upstream: 'users',
    })
    expect(parsed['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('property: is one line of valid JSON whatever a client or a service sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, method, upstream) => {
        const line = accessLine({ ...ENTRY, path, method, upstream })
        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(JSON.parse(line)).toMatchObject({ path, status: 200 })
      }),
      { numRuns: 1_000 },
    )
  })

  it('property: the timestamp is the one of Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (now) => void expect(timestamp(now)).toBe(new Date(now).toISOString())),
    )
  })
})

describe('createLogger', () => {
  const written = (level: 'error' | 'warn' | 'info' | 'debug', format: 'json' | 'text'): string[] => {
    const lines: string[] = []
    const log = createLogger({ level, format, write: (line) => void lines.push(line) })
    log.error('e', { a: 1 })
    log.warn('w', { text: 'two words', none: undefined })
    log.info('i')
    log.debug('d')
    return lines
  }

  it('leaves out what is below its level', () => {
    expect((['error', 'warn', 'info', 'debug'] as const).map((level) => written(level, 'json').length)).toEqual([1, 2, 3, 4])
  })

  it('writes JSON', () => {
    expect(JSON.parse(written('error', 'json')[0]!)).toEqual({ timestamp: expect.any(String), level: 'error', message: 'e', a: 1 })
  })

  it('writes text', () => {
    const [error, warn] = written('warn', 'text')
    expect(error).toMatch(/^\d\d:\d\d:\d\d\.\d{3} error e a=1\n$/)
    expect(warn).toMatch(/ warn {2}w text="two words"\n$/)
  })
})
