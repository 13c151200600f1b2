// @fastify/http-proxy with its defaults, without a log: node fastify.mjs <port> <backend port>
import fastify from 'fastify'
import proxy from '@fastify/http-proxy'

const [port, backend] = process.argv.slice(2)
const app = fastify({ logger: false })
await app.register(proxy, { upstream: `http://127.0.0.1:${backend}` })
await app.listen({ port: Number(port), host: '127.0.0.1' })
