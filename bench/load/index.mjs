import { http2 } from './h2load.mjs'
import { steadyLoad } from './steady.mjs'
import { wrk } from './wrk.mjs'

/** What makes the requests, by the name a scenario gives it. */
export const LOADS = { wrk, h2load: http2, websocket: steadyLoad('websocket'), events: steadyLoad('events'), idle: steadyLoad('idle') }
