import { isUtf8 } from 'node:buffer'
import { labelsOf, nameOf } from './names.ts'

// Messages are read and written here because instances are called by people: `users-1.2` is one label. What npm has for this (dns-packet 5) keeps a name as
// one text, splits it at every dot and joins labels with dots, and could neither ask for such an instance nor tell it from another one.

/** A packet may be as long as a jumbo frame and no longer (RFC 6762, 17). Bytes. */
export const LONGEST_PACKET = 9_000
const LONGEST_NAME = 255
/** Labels and pointers in a packet. Each record could point at a name of 127 labels, or through a chain of pointers: 750 of them make more work than a packet is worth. */
const MOST_STEPS = 5_000
const HEADER = 12
const RESPONSE = 0x8000
const OPCODE_AND_RCODE = 0x780f
const INTERNET = 1
/** In the class of a record: what was known before under this name and type is over. */
const FLUSH = 0x8000

const TYPES = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 } as const

/** A kind of record that is understood. */
export type RecordType = keyof typeof TYPES

/** What is asked for. */
export interface Question {
  /** Written with dots, as `names.ts` does. */
  readonly name: string
  readonly type: RecordType
}

interface Any {
  readonly name: string
  /** Seconds. 0 says that it is over. */
  readonly ttl: number
  /** Whether it takes the place of all that was known of this name and type. */
  readonly isWhole: boolean
}

/** A record of an answer. */
export type Answer =
  | (Any & { readonly type: 'PTR'; readonly target: string })
  | (Any & { readonly type: 'SRV'; readonly target: string; readonly port: number })
  | (Any & { readonly type: 'TXT'; readonly strings: readonly string[] })
  | (Any & { readonly type: 'A' | 'AAAA'; readonly address: string })

/** An answer of one type, or of several. */
export type Heard<T extends Answer['type']> = Extract<Answer, { readonly type: T }>

/** A multicast query, without an id (RFC 6762, 18.1). */
export function queryOf(questions: readonly Question[]): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(questions.length, 4)
  return Buffer.concat([header, ...questions.map(written)])
}

function written({ name, type }: Question): Buffer {
  const labels = labelsOf(name).map((label) => Buffer.from(label))
  const tail = Buffer.from([0, 0, TYPES[type], 0, INTERNET])
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), tail])
}

/** The records of a response, all sections in their order; `undefined` for what is no response, or no message at all. */
export function answersIn(packet: Buffer): Answer[] | undefined {
  if (packet.length < HEADER || packet.length > LONGEST_PACKET) return undefined
  const flags = packet.readUInt16BE(2)
  if ((flags & RESPONSE) === 0 || (flags & OPCODE_AND_RCODE) !== 0) return undefined
  try {
    return recordsIn(new Reader(packet))
  } catch (thrown) {
    // Ends where it says that more is to come.
    if (thrown instanceof RangeError) return undefined
    throw thrown
  }
}

function recordsIn(reader: Reader): Answer[] {
  reader.at = 4
  const questions = reader.number(2)
  const records = reader.number(2) + reader.number(2) + reader.number(2)
  for (let i = 0; i < questions; i++) {
    reader.name()
    reader.at += 4
  }
  const answers: Answer[] = []
  for (let i = 0; i < records; i++) {
    const answer = reader.record()
    if (answer !== undefined) answers.push(answer)
  }
  return answers
}

/** Reads from front to back. Throws a `RangeError` where the packet is over or makes no sense. */
class Reader {
  at = 0
  #steps = 0
  readonly #packet: Buffer

  constructor(packet: Buffer) {
    this.#packet = packet
  }

  number(bytes: 1 | 2 | 4): number {
    const value = this.#packet.readUIntBE(this.at, bytes)
    this.at += bytes
    return value
  }

  record(): Answer | undefined {
    const name = this.name()
    const type = this.number(2)
    const kind = this.number(2)
    // A time with its highest bit set is none (RFC 2181, 8).
    const time = this.number(4)
    const length = this.number(2)
    const end = this.at + length
    if (end > this.#packet.length) throw new RangeError('a record is longer than its packet')
    const base = { name, ttl: time > 0x7fff_ffff ? 0 : time, isWhole: (kind & FLUSH) !== 0 }
    const answer = (kind & ~FLUSH) === INTERNET ? this.#data(type, length, base) : undefined
    this.at = end
    return answer
  }

  #data(type: number, length: number, base: Any): Answer | undefined {
    switch (type) {
      case TYPES.PTR:
        return { ...base, type: 'PTR', target: this.name() }
      case TYPES.SRV: {
        // Priority and weight: DNS-SD has one target for each instance.
        this.at += 4
        return { ...base, type: 'SRV', port: this.number(2), target: this.name() }
      }
      case TYPES.TXT:
        return { ...base, type: 'TXT', strings: this.#strings(this.at + length) }
      case TYPES.A:
        return length === 4 ? { ...base, type: 'A', address: [...this.#bytes(4)].join('.') } : undefined
      case TYPES.AAAA:
        return length === 16 ? { ...base, type: 'AAAA', address: ipv6Of(this.#bytes(16)) } : undefined
      default:
        return undefined
    }
  }

  #bytes(count: number): Buffer {
    const bytes = this.#packet.subarray(this.at, this.at + count)
    if (bytes.length < count) throw new RangeError('the packet is over')
    this.at += count
    return bytes
  }

  #strings(end: number): string[] {
    const strings: string[] = []
    while (this.at < end) {
      const length = this.number(1)
      if (this.at + length > end) throw new RangeError('a text is longer than its record')
      strings.push(this.#bytes(length).toString())
    }
    return strings
  }

  /** UTF-8 (RFC 6762, 16): what is none could not be asked for. */
  #label(length: number): string {
    const bytes = this.#bytes(length)
    if (!isUtf8(bytes)) throw new RangeError('a label is no text')
    return bytes.toString()
  }

  /** A name, also one that goes on elsewhere: only further in front, so that it comes to an end. */
  name(): string {
    const labels: string[] = []
    let total = 1
    let first = this.at
    let after: number | undefined
    for (;;) {
      const length = this.number(1)
      if (length === 0) break
      this.#steps += 1
      if (this.#steps > MOST_STEPS) throw new RangeError('names take too long')
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | this.number(1)
        after ??= this.at
        if (target >= first) throw new RangeError('a name points forward')
        first = target
        this.at = target
      } else {
        if (length > 63) throw new RangeError('a label of an unknown kind')
        total += length + 1
        if (total > LONGEST_NAME) throw new RangeError('a name is too long')
        labels.push(this.#label(length))
      }
    }
    if (after !== undefined) this.at = after
    return nameOf(labels)
  }
}

function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
