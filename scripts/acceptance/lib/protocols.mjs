import { requireGroup, runTests } from './run-tests.mjs'

/** Folders of tests, what they prove, and how many there have to be at least. */
const GROUPS = [
  { folder: 'tls', what: 'TLS in: certificates by name, reload, client certificates, redirect', atLeast: 30 },
  { folder: 'http2', what: 'HTTP/2 in: node:http2, nghttp, h2load and curl', atLeast: 60 },
  { folder: 'wires', what: 'the ways out: HTTP/1.1 by two clients, HTTP/2, TLS, negotiation', atLeast: 300 },
  { folder: 'grpc', what: 'gRPC: grpc-js, connect-node, grpcio and buf curl', atLeast: 60 },
  { folder: 'upgrade', what: 'WebSocket: ws and python3-websockets', atLeast: 100 },
  { folder: 'interop', what: 'nginx, HAProxy and Caddy as upstreams', atLeast: 6 },
]

const tests = await runTests('protocols', { files: GROUPS.map(({ folder }) => `packages/node/test/${folder}/`) })
for (const { folder, what, atLeast } of GROUPS) {
  requireGroup(
    what,
    tests.filter(({ file }) => file.includes(`/packages/node/test/${folder}/`)),
    atLeast,
  )
}
