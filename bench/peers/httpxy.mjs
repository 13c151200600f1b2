// httpxy with kept connections: node httpxy.mjs '<settings as JSON>'
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'httpxy'

const { port, backend } = JSON.parse(process.argv[2])
const proxy = createProxyServer({ target: backend, agent: new Agent({ keepAlive: true }) })
const server = createServer((request, response) => void proxy.web(request, response))
server.on('upgrade', (request, socket, head) => void proxy.ws(request, socket, {}, head))
server.listen(port, '127.0.0.1', 4096)
