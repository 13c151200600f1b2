import { createHmac } from 'node:crypto'

/** Long enough for HS256. */
export const SECRET = 'a secret that only this test and its gateway know'

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token for ten minutes, signed with HS256. */
export function tokenOf(claims: Readonly<Record<string, unknown>> = {}, secret: string = SECRET): string {
  const exp = Math.floor(Date.now() / 1000) + 600
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ sub: 'ann', exp, ...claims })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** A request with such a token. */
export function withToken(...token: Parameters<typeof tokenOf>): { readonly headers: { readonly authorization: string } } {
  return { headers: { authorization: `Bearer ${tokenOf(...token)}` } }
}
