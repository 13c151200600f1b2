import { FRAME_TYPES, frame, headerBlock } from '@octopus-gateway/testing'

const { data, headers, priority, reset, settings, push, ping, goaway, window, continuation } = FRAME_TYPES
const END_STREAM = 1
const END_HEADERS = 4
const PADDED = 8
const PRIORITY = 32
const WHOLE = END_STREAM | END_HEADERS
/** ENHANCE_YOUR_CALM. */
const CALM = 11

type Fields = readonly (readonly [name: string, value: string])[]

const METHOD = [':method', 'GET'] as const
const SCHEME = [':scheme', 'http'] as const
const PATH = [':path', '/smuggled'] as const
const AUTHORITY = [':authority', 'a.test'] as const
const GET: Fields = [METHOD, SCHEME, PATH, AUTHORITY]
const POST: Fields = [[':method', 'POST'], SCHEME, PATH, AUTHORITY]

function head(fields: Fields, how: { readonly flags?: number; readonly stream?: number } = {}): Buffer {
  return frame({ type: headers, flags: how.flags ?? WHOLE, stream: how.stream ?? 1, payload: headerBlock(fields) })
}

function body(payload: string, flags = END_STREAM): Buffer {
  return frame({ type: data, flags, stream: 1, payload })
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, id]), uint32(value)])
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** A head of six frames. */
const HUGE = [
  head(GET, { flags: END_STREAM }),
  ...times(6, (i) =>
    frame({ type: continuation, flags: i === 5 ? END_HEADERS : 0, stream: 1, payload: headerBlock([[`x-${i}`, 'a'.repeat(16_000)]]) }),
  ),
]

/** One way to attack, and what must become of it. */
export interface HostileCase {
  readonly title: string
  /** The rule that is broken, or the attack. */
  readonly rule: string
  /** Sent behind the preface and empty settings, or from the first byte on where `bare`. */
  readonly frames: readonly Buffer[]
  readonly bare?: boolean
  /**
   * `connection`: GOAWAY with an error, or the connection is closed. `stream`: the stream is reset with an error; to end the connection is no
   * less right. A number: the request is answered with this status.
   */
  readonly refused: 'connection' | 'stream' | number
  /** The code of the goodbye, where it matters. */
  readonly code?: number
  /** What is in order comes first: its head may be on its way before the rest is known. Then it is given up, and never comes to an end. */
  readonly mayOpen?: boolean
}

/** What must never get past the gateway. Sections are those of RFC 9113 unless said otherwise. */
export const HOSTILE: readonly HostileCase[] = [
  // Framing.
  {
    title: 'a preface that goes wrong',
    rule: '3.4',
    frames: [Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')],
    bare: true,
    refused: 'connection',
  },
  {
    title: 'a preface without settings behind it',
    rule: '3.4',
    frames: [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), head(GET)],
    bare: true,
    refused: 'connection',
  },
  {
    title: 'a frame longer than allowed',
    rule: '4.2',
    frames: [head(POST, { flags: END_HEADERS }), frame({ type: data, stream: 1, payload: Buffer.alloc(20_000) })],
    refused: 'connection',
    mayOpen: true,
  },
  {
    title: 'a head that is longer than its frame says',
    rule: '4.2',
    frames: [frame({ type: headers, flags: WHOLE, stream: 1, payload: headerBlock(GET), length: 5 })],
    refused: 'connection',
  },
  {
    title: 'padding longer than the frame, in data',
    rule: '6.1',
    frames: [head(POST, { flags: END_HEADERS }), frame({ type: data, flags: PADDED, stream: 1, payload: Buffer.from([9, 1, 2]) })],
    refused: 'connection',
    mayOpen: true,
  },
  {
    title: 'padding longer than the frame, in a head',
    rule: '6.2',
    frames: [frame({ type: headers, flags: WHOLE | PADDED, stream: 1, payload: Buffer.concat([Buffer.of(255), headerBlock(GET)]) })],
    refused: 'connection',
  },
  { title: 'data on the connection', rule: '6.1', frames: [frame({ type: data, payload: 'x' })], refused: 'connection' },
  {
    title: 'data on a stream that was never opened',
    rule: '5.1',
    frames: [frame({ type: data, stream: 5, payload: 'x' })],
    refused: 'connection',
  },
  { title: 'a head on the connection', rule: '6.2', frames: [head(GET, { stream: 0 })], refused: 'connection' },
  { title: 'a stream with an even number', rule: '5.1.1', frames: [head(GET, { stream: 2 })], refused: 'connection' },
  {
    title: 'a stream that depends on itself',
    rule: '5.3.1 of RFC 7540',
    frames: [
      frame({ type: headers, flags: WHOLE | PRIORITY, stream: 1, payload: Buffer.concat([uint32(1), Buffer.of(16), headerBlock(GET)]) }),
    ],
    refused: 'stream',
  },
  {
    title: 'a push from a client',
    rule: '8.4',
    frames: [frame({ type: push, flags: END_HEADERS, stream: 1, payload: Buffer.concat([uint32(2), headerBlock(GET)]) })],
    refused: 'connection',
  },
  {
    title: 'a continuation of nothing',
    rule: '6.10',
    frames: [frame({ type: continuation, flags: END_HEADERS, stream: 1, payload: headerBlock(GET) })],
    refused: 'connection',
  },
  {
    title: 'a frame between a head and its continuation',
    rule: '6.10',
    frames: [head(GET, { flags: END_STREAM }), frame({ type: ping, payload: Buffer.alloc(8) })],
    refused: 'connection',
  },
  {
    title: 'a continuation on another stream',
    rule: '6.10',
    frames: [head(GET, { flags: END_STREAM }), frame({ type: continuation, flags: END_HEADERS, stream: 3 })],
    refused: 'connection',
  },
  {
    title: 'a reset of a stream that was never opened',
    rule: '6.4',
    frames: [frame({ type: reset, stream: 7, payload: uint32(8) })],
    refused: 'connection',
  },
  {
    title: 'a reset of three bytes',
    rule: '6.4',
    frames: [head(POST, { flags: END_HEADERS }), frame({ type: reset, stream: 1, payload: 'abc' })],
    refused: 'connection',
    mayOpen: true,
  },
  { title: 'settings on a stream', rule: '6.5', frames: [frame({ type: settings, stream: 1 })], refused: 'connection' },
  { title: 'settings of five bytes', rule: '6.5', frames: [frame({ type: settings, payload: 'abcde' })], refused: 'connection' },
  {
    title: 'an acknowledgement of settings with a payload',
    rule: '6.5',
    frames: [frame({ type: settings, flags: 1, payload: setting(3, 1) })],
    refused: 'connection',
  },
  {
    title: 'a window above 2^31-1 in settings',
    rule: '6.5.2',
    frames: [frame({ type: settings, payload: setting(4, 0x8000_0000) })],
    refused: 'connection',
  },
  {
    title: 'a frame size below 16 KiB in settings',
    rule: '6.5.2',
    frames: [frame({ type: settings, payload: setting(5, 1) })],
    refused: 'connection',
  },
  {
    title: 'push that is neither on nor off',
    rule: '6.5.2',
    frames: [frame({ type: settings, payload: setting(2, 2) })],
    refused: 'connection',
  },
  { title: 'a ping of seven bytes', rule: '6.7', frames: [frame({ type: ping, payload: Buffer.alloc(7) })], refused: 'connection' },
  { title: 'a ping on a stream', rule: '6.7', frames: [frame({ type: ping, stream: 1, payload: Buffer.alloc(8) })], refused: 'connection' },
  {
    title: 'a goodbye on a stream',
    rule: '6.8',
    frames: [frame({ type: goaway, stream: 1, payload: Buffer.alloc(8) })],
    refused: 'connection',
  },
  {
    title: 'a window update of nothing on the connection',
    rule: '6.9',
    frames: [frame({ type: window, payload: uint32(0) })],
    refused: 'connection',
  },
  {
    title: 'a window update of nothing on a stream',
    rule: '6.9',
    frames: [head(POST, { flags: END_HEADERS }), frame({ type: window, stream: 1, payload: uint32(0) })],
    refused: 'stream',
    mayOpen: true,
  },
  {
    title: 'a window of the connection above 2^31-1',
    rule: '6.9.1',
    frames: times(2, () => frame({ type: window, payload: uint32(0x7fff_ffff) })),
    refused: 'connection',
  },
  { title: 'a window of three bytes', rule: '6.9', frames: [frame({ type: window, payload: 'abc' })], refused: 'connection' },
  {
    title: 'a priority of four bytes',
    rule: '6.3',
    frames: [frame({ type: priority, stream: 1, payload: 'abcd' })],
    refused: 'connection',
  },
  {
    title: 'an index of the table that is empty',
    rule: '2.3.3 of RFC 7541',
    frames: [frame({ type: headers, flags: WHOLE, stream: 1, payload: Buffer.of(0xff, 0x80, 0x01) })],
    refused: 'connection',
  },
  {
    title: 'an integer without an end',
    rule: '5.1 of RFC 7541',
    frames: [frame({ type: headers, flags: WHOLE, stream: 1, payload: Buffer.alloc(20, 0xff) })],
    refused: 'connection',
  },
  {
    title: 'a text longer than its block',
    rule: '5.2 of RFC 7541',
    frames: [frame({ type: headers, flags: WHOLE, stream: 1, payload: Buffer.of(0, 1, 0x61, 0x7f, 0x0f, 0x62) })],
    refused: 'connection',
  },
  {
    title: 'a broken Huffman code',
    rule: '5.2 of RFC 7541',
    frames: [frame({ type: headers, flags: WHOLE, stream: 1, payload: Buffer.of(0, 1, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff) })],
    refused: 'connection',
  },
  {
    title: 'a table larger than agreed',
    rule: '4.2 of RFC 7541',
    frames: [
      frame({ type: headers, flags: WHOLE, stream: 1, payload: Buffer.concat([Buffer.of(0x3f, 0xff, 0xff, 0x07), headerBlock(GET)]) }),
    ],
    refused: 'connection',
  },
  {
    title: 'data behind the end of a stream',
    rule: '5.1',
    frames: [
      head(POST, { flags: END_HEADERS }),
      frame({ type: reset, stream: 1, payload: uint32(8) }),
      head(GET, { stream: 3, flags: END_HEADERS }),
      frame({ type: data, flags: END_STREAM, stream: 1, payload: 'x' }),
      frame({ type: data, stream: 99, payload: 'x' }),
    ],
    refused: 'connection',
    mayOpen: true,
  },
  // Messages.
  { title: 'an upper-case name', rule: '8.2.1', frames: [head([...GET, ['X-Upper', '1']])], refused: 'stream' },
  { title: 'no method', rule: '8.3.1', frames: [head([SCHEME, PATH, AUTHORITY])], refused: 'stream' },
  { title: 'no path', rule: '8.3.1', frames: [head([METHOD, SCHEME, AUTHORITY])], refused: 'stream' },
  { title: 'an empty path', rule: '8.3.1', frames: [head([METHOD, SCHEME, [':path', ''], AUTHORITY])], refused: 'stream' },
  { title: 'no scheme', rule: '8.3.1', frames: [head([METHOD, PATH, AUTHORITY])], refused: 'stream' },
  { title: 'neither authority nor host', rule: '8.3.1', frames: [head([METHOD, SCHEME, PATH])], refused: 'stream' },
  { title: 'two methods', rule: '8.3', frames: [head([METHOD, METHOD, SCHEME, PATH, AUTHORITY])], refused: 'stream' },
  { title: 'two paths', rule: '8.3', frames: [head([METHOD, SCHEME, PATH, PATH, AUTHORITY])], refused: 'stream' },
  { title: 'two authorities', rule: '8.3', frames: [head([...GET, AUTHORITY])], refused: 'stream' },
  { title: 'an unknown pseudo field', rule: '8.3', frames: [head([...GET, [':smuggled', '1']])], refused: 'stream' },
  { title: 'a pseudo field of answers', rule: '8.3', frames: [head([...GET, [':status', '200']])], refused: 'stream' },
  {
    title: 'a pseudo field behind the fields',
    rule: '8.3',
    frames: [head([METHOD, SCHEME, AUTHORITY, ['x-a', '1'], PATH])],
    refused: 'stream',
  },
  {
    title: 'a method with a blank',
    rule: '9.1 of RFC 9110',
    frames: [head([[':method', 'GET /x HTTP/1.1'], SCHEME, PATH, AUTHORITY])],
    refused: 'stream',
  },
  {
    title: 'a method with a line break',
    rule: '8.2.1',
    frames: [head([[':method', 'GET\r\n'], SCHEME, PATH, AUTHORITY])],
    refused: 'stream',
  },
  {
    title: 'a path with a line break',
    rule: '8.2.1',
    frames: [head([METHOD, SCHEME, [':path', '/smuggled HTTP/1.1\r\nx: 1\r\n\r\n'], AUTHORITY])],
    refused: 'stream',
  },
  {
    title: 'an authority with a line break',
    rule: '8.2.1',
    frames: [head([METHOD, SCHEME, PATH, [':authority', 'a.test\r\nx: 1']])],
    refused: 'stream',
  },
  {
    title: 'a scheme with a line break',
    rule: '8.2.1',
    frames: [head([METHOD, [':scheme', 'http://evil.test/\r\n'], PATH, AUTHORITY])],
    refused: 'stream',
  },
  {
    title: 'a path that is an address',
    rule: '8.3.1',
    frames: [head([METHOD, SCHEME, [':path', 'http://evil.test/smuggled'], AUTHORITY])],
    refused: 'stream',
  },
  {
    title: 'a path without its slash',
    rule: '8.3.1',
    frames: [head([METHOD, SCHEME, [':path', 'smuggled'], AUTHORITY])],
    refused: 'stream',
  },
  {
    title: 'a path that is an address, with a scheme nghttp2 does not know',
    rule: '8.3.1',
    frames: [head([METHOD, [':scheme', 'ftp'], [':path', 'http://evil.test/smuggled'], AUTHORITY])],
    refused: 400,
  },
  { title: 'another scheme', rule: '8.3.1', frames: [head([METHOD, [':scheme', 'file'], PATH, AUTHORITY])], refused: 400 },
  {
    title: 'a path that climbs',
    rule: 'traversal',
    frames: [head([METHOD, SCHEME, [':path', '/a/%2e%2e/smuggled'], AUTHORITY])],
    refused: 400,
  },
  {
    title: 'a path with a backslash',
    rule: 'traversal',
    frames: [head([METHOD, SCHEME, [':path', '/a\\..\\smuggled'], AUTHORITY])],
    refused: 400,
  },
  { title: 'a path with a fragment', rule: '8.3.1', frames: [head([METHOD, SCHEME, [':path', '/smuggled#x'], AUTHORITY])], refused: 400 },
  { title: 'the asterisk for GET', rule: '8.3.1', frames: [head([METHOD, SCHEME, [':path', '*'], AUTHORITY])], refused: 'stream' },
  {
    title: 'the asterisk for OPTIONS',
    rule: 'a gateway has no options of its own',
    frames: [head([[':method', 'OPTIONS'], SCHEME, [':path', '*'], AUTHORITY])],
    refused: 400,
  },
  { title: 'an authority with a user', rule: '8.3.1', frames: [head([METHOD, SCHEME, PATH, [':authority', 'user@a.test']])], refused: 400 },
  {
    title: 'an authority with a path',
    rule: '8.3.1',
    frames: [head([METHOD, SCHEME, PATH, [':authority', 'a.test/x']])],
    refused: 'stream',
  },
  { title: 'an empty authority', rule: '8.3.1', frames: [head([METHOD, SCHEME, PATH, [':authority', '']])], refused: 'stream' },
  { title: 'a host that is not the authority', rule: '8.3.1', frames: [head([...GET, ['host', 'evil.test']])], refused: 400 },
  {
    title: 'two hosts',
    rule: '7.2 of RFC 9110',
    frames: [head([METHOD, SCHEME, PATH, ['host', 'a.test'], ['host', 'evil.test']])],
    refused: 'stream',
  },
  { title: 'a field `connection`', rule: '8.2.2', frames: [head([...GET, ['connection', 'x-forwarded-for']])], refused: 'stream' },
  { title: 'a field `keep-alive`', rule: '8.2.2', frames: [head([...GET, ['keep-alive', 'timeout=5']])], refused: 'stream' },
  { title: 'a field `proxy-connection`', rule: '8.2.2', frames: [head([...GET, ['proxy-connection', 'keep-alive']])], refused: 'stream' },
  {
    title: 'a field `transfer-encoding`',
    rule: '8.2.2',
    frames: [
      head([...POST, ['transfer-encoding', 'chunked']], { flags: END_HEADERS }),
      body('0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'),
    ],
    refused: 'stream',
  },
  { title: 'a field `upgrade`', rule: '8.2.2', frames: [head([...GET, ['upgrade', 'websocket']])], refused: 'stream' },
  { title: 'a field `te` other than trailers', rule: '8.2.2', frames: [head([...GET, ['te', 'gzip']])], refused: 'stream' },
  {
    title: 'a body longer than its length',
    rule: '8.1.1',
    frames: [head([...POST, ['content-length', '1']], { flags: END_HEADERS }), body('GET /smuggled HTTP/1.1\r\n\r\n')],
    refused: 'stream',
    mayOpen: true,
  },
  {
    title: 'a body shorter than its length',
    rule: '8.1.1',
    frames: [head([...POST, ['content-length', '10']], { flags: END_HEADERS }), body('x')],
    refused: 'stream',
  },
  { title: 'a length without a body', rule: '8.1.1', frames: [head([...GET, ['content-length', '5']])], refused: 'stream' },
  {
    title: 'two lengths',
    rule: '8.6 of RFC 9110',
    frames: [head([...POST, ['content-length', '1'], ['content-length', '2']], { flags: END_HEADERS }), body('xx')],
    refused: 'stream',
  },
  {
    title: 'a length that is no number',
    rule: '8.6 of RFC 9110',
    frames: [head([...POST, ['content-length', '+1']], { flags: END_HEADERS }), body('x')],
    refused: 'stream',
  },
  {
    title: 'trailers that do not end the stream',
    rule: '8.1',
    frames: [head(POST, { flags: END_HEADERS }), body('x', 0), head([['x-a', '1']], { flags: END_HEADERS })],
    refused: 'stream',
    mayOpen: true,
  },
  {
    title: 'trailers with a pseudo field',
    rule: '8.1',
    frames: [head(POST, { flags: END_HEADERS }), body('x', 0), head([PATH])],
    refused: 'stream',
    mayOpen: true,
  },
  {
    title: 'a tunnel',
    rule: 'a gateway is none',
    frames: [
      head([
        [':method', 'CONNECT'],
        [':authority', 'a.test:443'],
      ]),
    ],
    refused: 501,
  },
  { title: 'a tunnel with a path', rule: '8.5', frames: [head([[':method', 'CONNECT'], SCHEME, PATH, AUTHORITY])], refused: 'stream' },
  {
    title: 'an extended CONNECT to something unknown',
    rule: '4 of RFC 8441',
    frames: [head([[':method', 'CONNECT'], [':protocol', 'smuggle'], SCHEME, PATH, AUTHORITY])],
    refused: 501,
  },
  { title: 'a protocol without CONNECT', rule: '4 of RFC 8441', frames: [head([...GET, [':protocol', 'websocket']])], refused: 'stream' },
  // Amounts.
  {
    title: 'a hundred and one fields',
    rule: 'limits.headerCount',
    frames: [head([...GET, ...times(101, (i) => [`x-${i}`, '1'] as const)])],
    refused: 431,
  },
  {
    title: 'fields of 17 KiB',
    rule: 'limits.headers',
    frames: [
      head([...GET, ...times(17, (i) => [`x-${i}`, 'a'.repeat(900)] as const)].slice(0, 20), { flags: END_STREAM }),
      frame({ type: continuation, flags: END_HEADERS, stream: 1, payload: headerBlock([['x-last', 'a'.repeat(3000)]]) }),
    ],
    refused: 431,
  },
  {
    title: 'a target of 9 KiB',
    rule: 'limits.uri',
    frames: [head([METHOD, SCHEME, [':path', `/${'a'.repeat(9 * 1024)}`], AUTHORITY])],
    refused: 414,
  },
  {
    title: 'a thousand fields',
    rule: 'maxHeaderListPairs',
    frames: [head([...GET, ...times(1000, (i) => [`x-${i}`, '1'] as const)])],
    refused: 'stream',
  },
  { title: 'fields of 100 KiB, before the limit is acknowledged', rule: 'limits.headers', frames: HUGE, refused: 431 },
  {
    title: 'fields of 100 KiB',
    rule: 'SETTINGS_MAX_HEADER_LIST_SIZE',
    frames: [frame({ type: settings, flags: 1 }), ...HUGE],
    refused: 'stream',
  },
  {
    title: 'one field of the table repeated ten thousand times',
    rule: 'HPACK bomb',
    frames: [
      frame({
        type: headers,
        flags: WHOLE,
        stream: 1,
        payload: Buffer.concat([
          headerBlock(GET),
          Buffer.of(0x40, 1, 0x78, 0x7f, 0x81, 0x1e),
          Buffer.alloc(4000, 0x61),
          Buffer.alloc(10_000, 0xbe),
        ]),
      }),
    ],
    refused: 'stream',
  },
  {
    title: 'continuations without an end',
    rule: 'CVE-2024-27316',
    frames: [
      head(GET, { flags: END_STREAM }),
      ...times(2000, (i) => frame({ type: continuation, stream: 1, payload: headerBlock([[`x-${i}`, '1']]) })),
    ],
    refused: 'connection',
  },
  {
    title: 'empty continuations without an end',
    rule: 'CVE-2024-27316',
    frames: [head(GET, { flags: END_STREAM }), ...times(2000, () => frame({ type: continuation, stream: 1 }))],
    refused: 'connection',
  },
  {
    title: 'empty data without an end',
    rule: 'CVE-2019-9518',
    frames: [head(POST, { flags: END_HEADERS }), ...times(2000, () => body('', 0))],
    refused: 'connection',
    mayOpen: true,
  },
  {
    title: 'a flood of pings',
    rule: 'CVE-2019-9512',
    frames: times(5000, () => frame({ type: ping, payload: Buffer.alloc(8) })),
    refused: 'connection',
  },
  {
    title: 'a flood of settings',
    rule: 'CVE-2019-9515',
    frames: times(2000, () => frame({ type: settings, payload: setting(3, 1) })),
    refused: 'connection',
    code: CALM,
  },
  {
    title: 'a flood of priorities',
    rule: 'CVE-2019-9513',
    frames: times(2000, (i) => frame({ type: priority, stream: 2 * i + 1, payload: Buffer.concat([uint32(0), Buffer.of(16)]) })),
    refused: 'connection',
    code: CALM,
  },
  {
    title: 'settings with more entries than there are',
    rule: 'CVE-2020-11080',
    frames: [frame({ type: settings, payload: Buffer.concat(times(2000, () => setting(3, 1))) })],
    refused: 'connection',
  },
  {
    title: 'streams that are reset as soon as they are opened',
    rule: 'CVE-2023-44487',
    frames: times(1500, (i) =>
      Buffer.concat([head(GET, { stream: i * 2 + 1 }), frame({ type: reset, stream: i * 2 + 1, payload: uint32(8) })]),
    ),
    refused: 'connection',
    code: CALM,
    mayOpen: true,
  },
  {
    title: 'streams that the server is made to reset',
    rule: 'CVE-2025-8671',
    frames: times(3000, (i) =>
      Buffer.concat([
        head(POST, { flags: END_HEADERS, stream: i * 2 + 1 }),
        frame({ type: window, stream: i * 2 + 1, payload: uint32(0) }),
      ]),
    ),
    refused: 'connection',
    mayOpen: true,
  },
]
