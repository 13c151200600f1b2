// @fastify/http-proxy with its defaults, without a log: node fastify.mjs '<settings as JSON>'
import { readFileSync } from 'node:fs'
import fastify from 'fastify'
import proxy from '@fastify/http-proxy'

const { port, front, what, backend, cert, key } = JSON.parse(process.argv[2])
const https = front === 'http' ? undefined : { cert: readFileSync(cert), key: readFileSync(key) }
const app = fastify({ logger: false, ...(https === undefined ? {} : { https }), ...(front === 'h2' ? { http2: true } : {}) })
await app.register(proxy, { upstream: backend, websocket: what === 'websocket' })
await app.listen({ port, host: '127.0.0.1' })
