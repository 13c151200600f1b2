import type { HeaderList } from '../headers.ts'

/** What `Response` takes as a body, named the same way by every runtime's types. */
export type ResponseBody = ConstructorParameters<typeof Response>[0]

/** `Response` as far as its head goes: the runtimes' types disagree whether its members are properties or methods, so none may be overridden. */
const Head = Response as unknown as new (
  body: null,
  init: { readonly status: number },
) => Pick<Response, 'status' | 'statusText' | 'headers'>

/**
 * A response whose bytes are all here. Its body becomes a stream only when a middleware looks at it: making one for every small answer that
 * merely passes by would cost a seventh of the web lane's time.
 */
class WholeResponse extends Head {
  readonly #bytes: Uint8Array
  #read: Response | null = null

  constructor(bytes: Uint8Array, head: { readonly status: number; readonly headers: HeaderList }) {
    super(null, { status: head.status })
    for (const [name, value] of head.headers) this.headers.append(name, value)
    this.#bytes = bytes
  }

  /** The bytes, while nobody has looked at the body. */
  get untouched(): Uint8Array | undefined {
    return this.#read === null ? this.#bytes : undefined
  }

  get #body(): Response {
    return (this.#read ??= new Response(this.#bytes as ResponseBody, { headers: this.headers }))
  }

  get body(): Response['body'] {
    return this.#body.body
  }

  get bodyUsed(): boolean {
    return this.#read?.bodyUsed ?? false
  }

  arrayBuffer(): ReturnType<Response['arrayBuffer']> {
    return this.#body.arrayBuffer()
  }

  blob(): ReturnType<Response['blob']> {
    return this.#body.blob()
  }

  formData(): ReturnType<Response['formData']> {
    return this.#body.formData()
  }

  json(): ReturnType<Response['json']> {
    return this.#body.json()
  }

  text(): Promise<string> {
    return this.#body.text()
  }

  clone(): ReturnType<Response['clone']> {
    const { body } = this.#body.clone()
    return new Response(body, { status: this.status, statusText: this.statusText, headers: this.headers })
  }
}

/** An answer that is here to its last byte, as a mutable `Response`. */
export function wholeResponse(bytes: Uint8Array, head: { readonly status: number; readonly headers: HeaderList }): Response {
  return new WholeResponse(bytes, head) as unknown as Response
}

/** The bytes of a response that came from an upstream in one piece and that nobody has read or replaced since; `undefined` otherwise. */
export function wholeBody(response: Response): Uint8Array | undefined {
  const given: unknown = response
  return given instanceof WholeResponse ? given.untouched : undefined
}
