import { request } from 'node:https'
import { testCertificates } from '@octopus-gateway/testing'
import type { ConnectionOptions } from 'node:tls'

/** An answer over HTTPS. */
export interface SecureAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** How to ask over HTTPS. */
export interface SecureAsk extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
}

/** One request over a connection of its own, of whom the authority of the tests has signed; rejects as `node:https` does. The answer is JSON. */
export function ask(url: string, { method = 'GET', headers = {}, body, ...tls }: SecureAsk = {}): Promise<SecureAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, ca: testCertificates().ca, ...tls }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) as SecureAnswer['body'] }))
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** The status, or `refused` where there is no answer. */
export function statusOf(url: string, how?: SecureAsk): Promise<number | 'refused'> {
  return ask(url, how).then(
    ({ status }) => status,
    () => 'refused' as const,
  )
}
