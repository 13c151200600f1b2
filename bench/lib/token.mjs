import { createHmac } from 'node:crypto'

/** The key of the measured tokens: 256 bits, as RFC 7518, section 3.2 asks for HS256. */
export const SECRET = 'a-secret-of-the-benchmark-of-32-bytes-or-more'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that holds for a day. */
export function token() {
  const now = Math.floor(Date.now() / 1000)
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: 'bench', iat: now, exp: now + 86_400 })}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}
