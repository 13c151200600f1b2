/** The message of the service that every gRPC peer of these tests speaks: `message Note { string text = 1; int32 count = 2; }`. */
export interface Note {
  readonly text: string
  readonly count: number
}

/**
 * `octopus.test.v1.Notes`, the same on every server:
 *
 * - `Unary`: `hello <text>`, count + 1. `ServerStream`: that note `count` times, counted from 1. `ClientStream`: the texts joined with `,` and
 *   their number. `Bidi`: `hello <text>` for each, at once.
 * - Metadata `x-echo` and `x-echo-bin` come back in the head and in the trailers, `grpc-timeout` in the head as `x-timeout`.
 * - Metadata `x-fail: 5` fails with that code, the details `bücher 100 %` and the trailer `x-why: because`; after the messages of a stream.
 * - Metadata `x-hang` never answers.
 */
export const SERVICE = 'octopus.test.v1.Notes'
export const DETAILS = 'bücher 100 %'

export function encodeNote({ text, count }: Note): Buffer {
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  if (bytes.length > 0) parts.push(Buffer.of(0x0a), varint(bytes.length), bytes)
  if (count !== 0) parts.push(Buffer.of(0x10), varint(count))
  return Buffer.concat(parts)
}

export function decodeNote(bytes: Uint8Array): Note {
  let text = ''
  let count = 0
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!
    const [value, next] = readVarint(bytes, at + 1)
    at = next
    if (tag === 0x10) count = value
    else {
      text = Buffer.from(bytes.subarray(at, at + value)).toString()
      at += value
    }
  }
  return { text, count }
}

function varint(value: number): Buffer {
  const groups: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) groups.push((rest & 0x7f) | 0x80)
  groups.push(rest)
  return Buffer.from(groups)
}

function readVarint(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0
  for (let at = start, shift = 0; ; at++, shift += 7) {
    value |= (bytes[at]! & 0x7f) << shift
    if (bytes[at]! < 0x80) return [value, at + 1]
  }
}

/** Metadata as a list, so that a name can come twice; `-bin` values are bytes. */
export type Fields = readonly (readonly [name: string, value: string | Buffer])[]

/** A call that was answered to its end. */
export interface Answered {
  readonly notes: readonly Note[]
  /** Values of a field of the head, binary ones as base64. */
  head(name: string): readonly string[]
  trailer(name: string): readonly string[]
}

/** A call that failed. */
export class CallFailed extends Error {
  readonly code: number
  readonly details: string
  /** Messages that came before. */
  readonly notes: readonly Note[]
  readonly trailer: (name: string) => readonly string[]

  constructor(code: number, details: string, notes: readonly Note[], trailer: (name: string) => readonly string[]) {
    super(`gRPC status ${code}: ${details}`)
    this.code = code
    this.details = details
    this.notes = notes
    this.trailer = trailer
  }
}

/** What a call is made of. */
export interface CallOptions {
  readonly fields?: Fields
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

export type Kind = 'Unary' | 'ServerStream' | 'ClientStream' | 'Bidi'

/** A client of the service. */
export interface NotesClient {
  /** Sends all the notes and reads to the end; rejects with `CallFailed`. */
  call(kind: Kind, notes: readonly Note[], options?: CallOptions): Promise<Answered>
  /** Sends each note after the answer to the one before. */
  converse(notes: readonly Note[]): Promise<readonly Note[]>
  close(): void
}

/** A server of the service. */
export interface NotesServer {
  readonly origin: string
  /** Calls with `x-hang` that have come. */
  readonly hanging: () => number
  /** Calls that were cancelled by their client. */
  readonly cancelled: () => number
}
