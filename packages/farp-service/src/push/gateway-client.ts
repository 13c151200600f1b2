import { readBounded } from '../http/body.ts'
import { withDeadline } from './deadline.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ServiceRecord } from '../registries/record.ts'
import type { Status } from '../manifest/instance.ts'

/** A gateway's answer is a few members; more is not read. */
const MAX_ANSWER = 65_536

/** What a gateway answered to a registration or a heartbeat. */
export interface Acknowledgement {
  readonly status: number
  /** Whether it took the call. */
  readonly isOk: boolean
  /** What it holds: empty when nothing could be applied, `undefined` when it did not say. */
  readonly routesChecksum: string | undefined
}

/** Where a gateway takes registrations, and how. */
export interface GatewayPlace {
  readonly url: URL
  readonly token: string | undefined
  readonly timeout: number
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>
}

/** The calls of `/_farp/v1`. Each rejects when there is no answer in time. */
export class GatewayClient {
  readonly #place: GatewayPlace

  constructor(place: GatewayPlace) {
    this.#place = place
  }

  register(record: ServiceRecord, manifest: Manifest, signal: AbortSignal): Promise<Acknowledgement> {
    const instance = { ...record, service_version: record.version }
    return this.#call('POST', 'register', { body: { instance, manifest }, signal })
  }

  heartbeat(
    id: string,
    body: { readonly status: Status; readonly routes_checksum: string },
    signal: AbortSignal,
  ): Promise<Acknowledgement> {
    return this.#call('PUT', `heartbeat/${encodeURIComponent(id)}`, { body, signal })
  }

  deregister(id: string): Promise<Acknowledgement> {
    return this.#call('DELETE', `deregister/${encodeURIComponent(id)}`, {})
  }

  async #call(method: string, path: string, { body, signal }: { body?: unknown; signal?: AbortSignal }): Promise<Acknowledgement> {
    const { url, token, timeout, fetch } = this.#place
    return withDeadline(timeout, signal, async (deadline) => {
      const response = await fetch(new URL(`${url.pathname.replace(/\/+$/, '')}/_farp/v1/${path}`, url), {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would carry the manifest, and perhaps the token, to somebody else.
        redirect: 'manual',
        signal: deadline,
      })
      const bytes = await readBounded(response, MAX_ANSWER)
      return { status: response.status, isOk: response.ok, routesChecksum: checksumOf(bytes) }
    })
  }
}

function checksumOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const value = typeof answer === 'object' && answer !== null && 'routes_checksum' in answer ? answer.routes_checksum : undefined
    return typeof value === 'string' ? value : undefined
  } catch {
    // No JSON: the answer says nothing about routes.
    return undefined
  }
}
