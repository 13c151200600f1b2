type Column = 'fetch' | 'head' | 'web'

/** One thing that is not the same on every lane, and how each of them does it. */
export interface Difference {
  readonly id: string
  readonly what: string
  readonly lanes: Readonly<Record<Column, string>>
  /** How it is over HTTP/2; the same on both lanes where it is absent. */
  readonly http2?: string
  readonly why: string
}

/** Every known difference. Each is proven by a test of the same id in `differences.test.ts`, and `docs/lanes.md` is made from this list. */
export const DIFFERENCES: readonly Difference[] = [
  {
    id: 'content-coding',
    what: 'An answer with `Content-Encoding`',
    lanes: {
      fetch: 'is decoded; `content-encoding` and `content-length` are removed',
      head: 'passes byte for byte',
      web: 'passes byte for byte',
    },
    why: '`fetch` decodes every body and offers no way to ask for the bytes.',
  },
  {
    id: 'own-fields',
    what: 'Fields the client did not send',
    lanes: {
      fetch: '`fetch` adds `accept`, `accept-encoding`, `accept-language`, `user-agent` and others, as the runtime likes',
      head: 'none',
      web: 'none',
    },
    why: 'The runtime adds them below the gateway.',
  },
  {
    id: 'host',
    what: '`Host` towards the upstream',
    lanes: {
      fetch: "the address of the instance; the client's is in `x-forwarded-host`",
      head: "the client's, or the instance's with `host: upstream`",
      web: 'as the head lane',
    },
    why: 'On Node `fetch` takes it from the address it connects to. Other runtimes may let it through.',
  },
  {
    id: 'body-with-get',
    what: 'A body with GET',
    lanes: { fetch: 'cannot be expressed in a `Request`', head: 'is passed on', web: 'is passed on' },
    why: 'The Fetch standard forbids a body with GET and HEAD.',
  },
  {
    id: 'trace',
    what: 'TRACE',
    lanes: {
      fetch: 'cannot be expressed in a `Request`',
      head: 'is passed on like any other method',
      web: 'is passed on like any other method',
    },
    why: 'The Fetch standard forbids the method.',
  },
  {
    id: 'dot-segments',
    what: 'Dot segments and backslashes in the target (`/a/../b`, `/a/%2e%2e/b`, `/a\\b`)',
    lanes: { fetch: 'are resolved before the gateway sees them: `/b`, `/b`, `/a/b`', head: '400', web: '400' },
    why: '`new URL`, and so every `Request`, resolves them. What is left is matched and forwarded as it is on every lane.',
  },
  {
    id: 'client-address',
    what: 'The address of the client',
    lanes: {
      fetch: 'unknown: no `x-forwarded-for`, no `forwarded`, no trusted proxies',
      head: 'the address of the connection',
      web: 'the address of the connection',
    },
    why: 'A `Request` does not tell where it came from.',
  },
  {
    id: 'framing',
    what: 'The framing of a request body',
    lanes: { fetch: 'always chunks', head: 'a declared length stays a length, chunks stay chunks', web: 'as the head lane' },
    why: '`fetch` frames every stream in chunks.',
  },
  {
    id: 'repeated-fields',
    what: 'Repeated response fields other than `set-cookie`',
    lanes: { fetch: 'joined with a comma', head: 'kept apart', web: 'joined with a comma' },
    why: '`Headers` joins them, which means the same (RFC 9110, section 5.3).',
  },
  {
    id: 'cut-body',
    what: 'A body that the upstream breaks off',
    lanes: {
      fetch: "an error of the body's stream",
      head: 'the connection is cut, without the last chunk',
      web: 'the connection is cut, without the last chunk',
    },
    http2: 'the stream is reset with `INTERNAL_ERROR`, the connection stays',
    why: 'In process there is no connection; over HTTP/2 others use it.',
  },
  {
    id: 'early-answer',
    what: 'An answer before the end of the request body',
    lanes: { fetch: 'is an answer like any other', head: 'is the last of its connection', web: 'is the last of its connection' },
    http2: 'ends its stream, and a reset with `NO_ERROR` tells the client to send no more',
    why: 'What is left of the body must not be read as the next request; a stream has only one.',
  },
  {
    id: 'grpc',
    what: 'gRPC',
    lanes: { fetch: '501', head: '501', web: '501' },
    http2:
      'is carried on the head lane; a route with a middleware carries it, past the middleware, where its plugin says so, otherwise `grpc-status: 12`',
    why: 'It ends in trailers, which `Response` does not have, and its clients speak HTTP/2.',
  },
  {
    id: 'invalid-field',
    what: 'A request field whose value has a NUL',
    lanes: { fetch: 'cannot be expressed in a `Request`', head: '400', web: '400' },
    http2: 'is left out; the request goes on without it',
    why: '`node:http2` drops it before anybody hears of it. It never reaches an upstream.',
  },
  {
    id: 'compression',
    what: 'Compression (`compression`)',
    lanes: {
      fetch: 'what `CompressionStream` offers, at its own level, and only of answers with a `Content-Length`',
      head: 'br, gzip, and zstd where Node has it (22.15, 23.8); streams too, nothing held back',
      web: 'as the head lane',
    },
    why: 'The coders of the Web cannot be flushed: a stream would wait in them for more of itself.',
  },
  {
    id: 'websocket',
    what: 'A WebSocket handshake',
    lanes: { fetch: '501', head: 'becomes a tunnel', web: '501, unless the plugin of every middleware lists `websocket` in `carries`' },
    http2: 'extended CONNECT (RFC 8441), with the same answers',
    why: 'A `Response` cannot hand over a connection, and a middleware that is passed by may be a guard.',
  },
  {
    id: 'connect-timeout',
    what: '`connect_timeout`',
    lanes: { fetch: "the runtime's own; `timeout` still counts", head: 'kept', web: 'kept' },
    why: '`fetch` has no option for it.',
  },
]

const LANES: Readonly<Record<Column, string>> = { fetch: '`gateway.fetch` with `fetch`', head: 'Node, head lane', web: 'Node, web lane' }

/** The page made from the list. */
export function page(): string {
  const names = Object.keys(LANES) as Column[]
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    '# Lanes',
    '',
    'A request crosses the gateway on one of two lanes, and in one of three ways; on Node it comes over HTTP/1.1 or HTTP/2:',
    '',
    '- **Node, head lane**: `serve()`, routes without a Hono middleware and without a function as upstream. Heads are flat lists, bodies are streams; no Web objects are made.',
    '- **Node, web lane**: `serve()`, routes with a Hono middleware or a function as upstream. `Request` and `Response` for the middlewares, the same HTTP client towards the upstream.',
    '- **`gateway.fetch`**: the Web-standard entry for Workers, Deno, Bun and tests. `fetch` is the way to the upstream.',
    '',
    '`octopus routes` shows the lane of each route and what put it there. Every behaviour of the gateway is tested on all three, and on both lanes over HTTP/2; these are the differences that remain, each with a test.',
    '',
    row(['What', ...names.map((name) => LANES[name]), 'Over HTTP/2', 'Why']),
    row(Array.from({ length: names.length + 3 }, () => '---')),
    ...DIFFERENCES.map(({ what, lanes, http2 = 'the same', why }) => row([what, ...names.map((name) => lanes[name]), http2, why])),
    '',
    'This page is made from `packages/node/test/lanes/differences.ts`; `npx vitest run --project lanes -u` writes it anew.',
    '',
  ].join('\n')
}
