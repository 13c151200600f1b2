import * as zlib from 'node:zlib'
import { constants } from 'node:zlib'
import { GatewayError } from '@octopus-gateway/core'
import type { Coding, ContentCoding, HeaderList } from '@octopus-gateway/core'
import type { FlowSink } from './flow.ts'
import type { Transform } from 'node:stream'

/** Up to this size a body is coded in one go: it costs less than a stream and a thread. */
export const ONE_GO_BYTES = 32 * 1024

/** A coder at work: a zlib stream of any kind. */
type Coder = Transform & { flush(callback?: () => void): void }

/** One way to code. */
interface Method {
  stream(level: number): Coder
  whole(bytes: Uint8Array, level: number): Buffer
}

/** What newer versions of Node have and its oldest types do not name. */
interface Zstd {
  createZstdCompress(options: object): Coder
  zstdCompressSync(bytes: Uint8Array, options: object): Buffer
}

/** A window of half a megabyte: the default of four would be paid for every slow reader. */
const BROTLI_WINDOW = 19
/** `ZSTD_c_compressionLevel` and `ZSTD_c_windowLog` of zstd.h. Browsers refuse windows above 8 MiB (RFC 9659). */
const ZSTD_LEVEL = 100
const ZSTD_WINDOW = 101

const METHODS: Readonly<Record<ContentCoding, Method | null>> = {
  br: {
    stream: (level) => zlib.createBrotliCompress(brotli(level)),
    whole: (bytes, level) => zlib.brotliCompressSync(bytes, brotli(level, bytes.length)),
  },
  zstd: zstdOf(zlib as Partial<Zstd>),
  gzip: {
    stream: (level) => zlib.createGzip({ level }),
    whole: (bytes, level) => zlib.gzipSync(bytes, { level }),
  },
}

/** The codings that this version of Node can apply. */
export const CODINGS: readonly ContentCoding[] = (['br', 'zstd', 'gzip'] as const).filter((name) => METHODS[name] !== null)

function brotli(level: number, size = 0): zlib.BrotliOptions {
  return {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: level,
      [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW,
      [constants.BROTLI_PARAM_SIZE_HINT]: size,
    },
  }
}

function zstdOf({ createZstdCompress, zstdCompressSync }: Partial<Zstd>): Method | null {
  if (createZstdCompress === undefined || zstdCompressSync === undefined) return null
  const options = (level: number): object => ({ params: { [ZSTD_LEVEL]: level, [ZSTD_WINDOW]: BROTLI_WINDOW } })
  return {
    stream: (level) => createZstdCompress(options(level)),
    whole: (bytes, level) => zstdCompressSync(bytes, options(level)),
  }
}

function methodOf({ name }: Coding): Method {
  const method = METHODS[name]
  if (method === null) throw new GatewayError('INTERNAL', `This runtime cannot apply ${name}.`)
  return method
}

/** A body that is here to its last byte, coded in one go. */
export function codeWhole(coding: Coding, bytes: Uint8Array): Buffer {
  return methodOf(coding).whole(bytes, coding.level)
}

/** Codes what passes on its way to another sink. What has come in one turn of the loop goes out with it: no piece waits for the next. */
export class CodingSink implements FlowSink {
  /** Where the pieces come from; told when there is room again. */
  flow: { resume(): void } | null = null
  /** Coded bytes that have gone on. */
  bytes = 0
  readonly #to: FlowSink
  readonly #coder: Coder
  #isFlushing = false
  #hasNew = false
  /** Nothing more comes in. */
  #isEnded = false
  #isOver = false
  #trailers: HeaderList | null = null

  constructor(coding: Coding, to: FlowSink) {
    this.#to = to
    this.#coder = methodOf(coding).stream(coding.level)
    this.#coder.on('data', (bytes: Buffer) => {
      this.bytes += bytes.length
      if (!to.chunk(bytes)) this.#coder.pause()
    })
    this.#coder.on('drain', () => this.flow?.resume())
    this.#coder.once('end', () => {
      this.#isOver = true
      to.end(this.#trailers)
    })
    this.#coder.once('error', (thrown) => this.fail(new GatewayError('INTERNAL', 'The body could not be coded.', thrown)))
  }

  chunk(bytes: Buffer): boolean {
    const hasRoom = this.#coder.write(bytes)
    this.#hasNew = true
    this.#flushSoon()
    return hasRoom
  }

  end(trailers: HeaderList | null): void {
    this.#isEnded = true
    this.#trailers = trailers
    this.#coder.end()
  }

  fail(error: GatewayError): void {
    if (this.#isOver) return
    this.close()
    this.#to.fail(error)
  }

  /** Lets go of what a coder holds; nothing more comes out of it. */
  close(): void {
    this.#isOver = true
    this.#coder.destroy()
  }

  /** The other sink takes more. */
  resume(): void {
    this.#coder.resume()
  }

  /** One flush at a time: behind a slow coder one is enough for all that has come meanwhile. */
  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      if (this.#isEnded || this.#isOver) return
      this.#hasNew = false
      this.#coder.flush(() => {
        this.#isFlushing = false
        if (this.#hasNew) this.#flushSoon()
      })
    })
  }
}
