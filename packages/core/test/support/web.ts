import { createGateway } from '@octopus-gateway/core'
import { onTestFinished } from 'vitest'
import { plugin, recorder } from './scripted.ts'
import type { Gateway, GatewayOptions, Plugin } from '@octopus-gateway/core'
import type { MiddlewareHandler } from 'hono'

/** A service in the same process. */
export type Handler = (request: Request) => Response | Promise<Response>

/** A Hono middleware as a plugin. */
export const hono = (middleware: MiddlewareHandler): Plugin => plugin({ middleware })

/** A gateway and what its access log got. */
export interface Started {
  readonly gateway: Gateway
  readonly entries: ReturnType<typeof recorder>['entries']
}

/** A gateway in front of a function, disposed when the test is over. */
export function start(up: Handler, list: readonly Plugin[] = [], options: GatewayOptions = {}): Started {
  const { accessLog, entries } = recorder()
  const gateway = createGateway({
    upstreams: { up },
    routes: [
      { path: '/users/:id', upstream: 'up' },
      { path: '/*', upstream: 'up' },
    ],
    plugins: list,
    accessLog,
    ...options,
  })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  return { gateway, entries }
}

export const ok: Handler = () => new Response('ok')
export const through: MiddlewareHandler = (_c, next) => next()
