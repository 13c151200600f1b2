// As much of DER (ITU-T X.690) as a certificate needs.

/** Any value: its tag, its length, its bytes. */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content])
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content])
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content])
}

/** SEQUENCE. */
export function seq(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...parts)
}

/** SET of one. */
export function set(part: Uint8Array): Buffer {
  return tagged(0x31, part)
}

/** INTEGER from its big-endian bytes. */
export function int(bytes: Uint8Array): Buffer {
  return tagged(0x02, bytes)
}

/** BOOLEAN. */
export function bool(value: boolean): Buffer {
  return tagged(0x01, Buffer.of(value ? 0xff : 0))
}

/** OCTET STRING. */
export function octets(bytes: Uint8Array): Buffer {
  return tagged(0x04, bytes)
}

/** BIT STRING with as many unused bits at its end. */
export function bits(bytes: Uint8Array | readonly number[], unused: number): Buffer {
  return tagged(0x03, Buffer.of(unused), Buffer.from(bytes))
}

/** A string type, as UTF-8. */
export function text(tag: number, value: string): Buffer {
  return tagged(tag, Buffer.from(value))
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** UTCTime, for years before 2050. */
export function time(date: Date): Buffer {
  return text(0x17, `${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`)
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
