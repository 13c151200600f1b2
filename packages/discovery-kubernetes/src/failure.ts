import { clean, remediesOf, Outage } from '@octopus-gateway/discovery-support'

/** What the API server refused. */
export class Failure extends Outage {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Asked {
  /** `The Kubernetes API at …`. */
  readonly api: string
  readonly path: string
  readonly remedy: string
}

/** One sentence: what happened, where, and what to do. */
export function failureOf(status: number, body: string, { api, path, remedy }: Asked): Failure {
  switch (status) {
    case 401:
      return new Failure(status, `${api} does not accept the credentials (401 Unauthorized); ${remedy}.`)
    case 403:
      return new Failure(
        status,
        `${api} forbids GET ${path} (403 Forbidden${told(body)}); grant get, list and watch on services and endpointslices with a Role and its RoleBinding.`,
      )
    case 404:
      return new Failure(status, `${api} knows no ${path} (404); it must be Kubernetes 1.21 or newer, and the address that of its API.`)
    default:
      return new Failure(status, `${api} answered ${status} to GET ${path}${told(body)}; it is asked again.`)
  }
}

/** What the server says in its `Status`, as far as it may stand in a log line. */
function told(body: string): string {
  const message = /"message":\s*"((?:[^"\\]|\\.){1,300})"/.exec(body)?.[1]
  return message === undefined ? '' : `: ${clean(message.replaceAll('\\"', '"').replaceAll('\\', ' '))}`
}

/** About connections that cannot be made. */
export const REMEDIES = new Map([
  ...remediesOf({
    address: 'the address',
    server: 'the API server',
    plain: 'write http in the kubeconfig',
    secure: 'write https in the kubeconfig',
    trust: 'check certificate-authority',
    naming: 'check the address, or set tls-server-name in the kubeconfig',
    showing: 'give client-certificate and client-key in the kubeconfig',
  }),
  ['ECONNREFUSED', 'nothing listens there; check the address'],
])
