import { meaningOf, MISLEADING } from './spoken.ts'
import { service } from '../../support/upstreams.ts'
import type { Fields, Spoken, Told } from './spoken.ts'
import type { Running } from '../support/describe-lanes.ts'

export async function httpService(contentType: string, body: string): ReturnType<Spoken['start']> {
  const fields = { 'content-type': contentType, 'content-length': body.length, ...MISLEADING }
  const up = await service((_request, response) => void response.writeHead(200, fields).end(body))
  return {
    up: {
      get count() {
        return up.count
      },
      header: (name) => up.requests.at(-1)?.header(name),
    },
    options: { upstreams: { up: [up.origin] }, routes: [{ path: '/*', upstream: 'up' }] },
  }
}

export async function get(running: Running, fields: Fields): Promise<Told> {
  // gRPC is POST and nothing else: with another method it would be refused before any policy is asked.
  const isCall = fields.some(([name, value]) => name === 'content-type' && value === 'application/grpc')
  const method = isCall ? 'POST' : 'GET'
  const { status, header, body } = await running.sendAlone({ method, headers: fields }, 'a matrix compares nothing')
  const grpcStatus = header('grpc-status')
  return { status: grpcStatus === undefined ? status : meaningOf(grpcStatus), text: body.toString('latin1'), header }
}

export const HTTP: Spoken = {
  name: 'HTTP',
  method: 'GET',
  lanes: 'all',
  isCompressed: true,
  start: () => httpService('application/json', `{"text":"${'text '.repeat(1000)}"}`),
  ask: get,
}

export const SSE: Spoken = {
  name: 'SSE',
  method: 'GET',
  lanes: 'all',
  isCompressed: false,
  start: () => httpService('text/event-stream', 'data: text\n\n'.repeat(200)),
  ask: (running, fields) => get(running, [['accept', 'text/event-stream'], ...fields]),
}
