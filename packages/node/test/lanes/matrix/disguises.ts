type Fields = readonly (readonly [string, string])[]

/** What made other gateways skip their policies: row 1 of `tests/regressions.json`, and its neighbours. */
export const DISGUISES: readonly (readonly [string, Fields])[] = [
  ['nothing', []],
  ['Accept: text/event-stream', [['accept', 'text/event-stream']]],
  ['Content-Type: application/grpc', [['content-type', 'application/grpc']]],
  ['Content-Type: application/grpc-web+proto', [['content-type', 'application/grpc-web+proto']]],
  [
    'Upgrade: websocket',
    [
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['sec-websocket-version', '13'],
    ],
  ],
  [
    'Upgrade: h2c',
    [
      ['connection', 'Upgrade, HTTP2-Settings'],
      ['upgrade', 'h2c'],
      ['http2-settings', 'AAMAAABkAAQAoAAAAAIAAAAA'],
    ],
  ],
  ['Access-Control-Request-Method', [['access-control-request-method', 'GET']]],
  ['X-HTTP-Method-Override: OPTIONS', [['x-http-method-override', 'OPTIONS']]],
  ['X-Original-URL', [['x-original-url', '/public']]],
  [
    'Connection: authorization and the fields of policies',
    [['connection', 'authorization, x-auth-principal, x-request-id, origin, accept-encoding, vary, ratelimit']],
  ],
]
