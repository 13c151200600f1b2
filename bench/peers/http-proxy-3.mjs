// http-proxy-3 with kept connections: node http-proxy-3.mjs '<settings as JSON>'
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const { port, backend } = JSON.parse(process.argv[2])
const proxy = createProxyServer({ target: backend, agent: new Agent({ keepAlive: true }), ws: true })
const server = createServer((request, response) => proxy.web(request, response))
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
server.listen(port, '127.0.0.1', 4096)
