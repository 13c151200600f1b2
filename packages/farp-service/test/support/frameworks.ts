import { createServer } from 'node:http'
import { serve } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'
import type { FarpService } from '@octopus-gateway/farp-service'
import type { Server } from 'node:http'

/** An application with a service's kit in it, that answers `/own` with "own" itself and 404 elsewhere. */
export interface Running extends AsyncDisposable {
  readonly url: string
}

export type Start = (service: FarpService) => Promise<Running>

async function running(server: Server, close?: () => Promise<unknown>): Promise<Running> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await (close?.() ?? new Promise((resolve) => server.close(resolve)))
    },
  }
}

const local = { port: 0, hostname: '127.0.0.1' }

export const frameworks: Readonly<Record<string, Start>> = {
  Hono: async (service) => {
    const app = new Hono()
    app.use(service.hono)
    app.get('/own', (c) => c.text('own'))
    return running(serve({ fetch: app.fetch, ...local }) as Server)
  },
  Fastify: async (service) => {
    const app = Fastify()
    await app.register(service.fastify)
    app.get('/own', () => 'own')
    // Its own parser must go on parsing: the plugin's is for the plugin alone.
    app.post('/own', ({ body }) => ({ parsed: body }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return running(app.server, () => app.close())
  },
  Express: async (service) => {
    const app = express()
    app.use(service.node)
    app.use(express.json())
    app.get('/own', (_request, response) => void response.send('own'))
    return running(app.listen(0, '127.0.0.1'))
  },
  'node:http': async (service) => {
    const server = createServer((request, response) => {
      service.node(request, response, () => {
        response.statusCode = request.url === '/own' ? 200 : 404
        response.end('own')
      })
    })
    return running(server.listen(0, '127.0.0.1'))
  },
  'a fetch handler': async (service) => {
    const fetch = async (request: Request): Promise<Response> =>
      (await service.fetch(request)) ?? new Response('own', { status: new URL(request.url).pathname === '/own' ? 200 : 404 })
    return running(serve({ fetch, ...local }) as Server)
  },
}
