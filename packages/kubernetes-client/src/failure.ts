import { clean, Outage } from '@octopus-gateway/discovery-support'

/** What the API server refused: one sentence that says what happened, where, and what to do. */
export class ApiFailure extends Outage {
  override readonly name = 'ApiFailure'
  /** Of the answer: 403, 404, 410… */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What a refusal is about. */
interface Asked {
  /** `The Kubernetes API at …`. */
  readonly api: string
  readonly path: string
  /** About credentials. */
  readonly remedy: string
  /** `list and watch on pods`. */
  readonly rights: string
  /** `1.21`. */
  readonly oldest: string
}

/** The failure that an answer other than 200 is. */
export function failureOf(status: number, body: string, { api, path, remedy, rights, oldest }: Asked): ApiFailure {
  switch (status) {
    case 401:
      return new ApiFailure(status, `${api} does not accept the credentials (401 Unauthorized); ${remedy}.`)
    case 403:
      return new ApiFailure(
        status,
        `${api} forbids GET ${path} (403 Forbidden${told(body)}); grant ${rights} with a Role and its RoleBinding.`,
      )
    case 404:
      return new ApiFailure(
        status,
        `${api} knows no ${path} (404); it must be Kubernetes ${oldest} or newer, and the address that of its API.`,
      )
    default:
      return new ApiFailure(status, `${api} answered ${status} to GET ${path}${told(body)}; it is asked again.`)
  }
}

/** What the server says in its `Status`, as far as it may stand in a log line. */
function told(body: string): string {
  const message = /"message":\s*"((?:[^"\\]|\\.){1,300})"/.exec(body)?.[1]
  return message === undefined ? '' : `: ${clean(message.replaceAll('\\"', '"').replaceAll('\\', ' '))}`
}
