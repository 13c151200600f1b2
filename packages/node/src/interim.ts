import type { ResponseHead } from '@octopus-gateway/core'

/** Fields of an interim head that say something to the client (RFC 8297, section 2). Others, cookies above all, belong to the final head. */
const FIELDS = new Set(['link', 'content-security-policy', 'content-security-policy-report-only', 'access-control-allow-origin'])

/** One link (RFC 8288) in the plain form that `node:http` writes: parameters without blanks or semicolons in their values. */
const LINK = /^<[^<>\s]+>(?:\s*;\s*[\w!#$%&'*+.^|~-]+(?:=(?:"[^\s";]*"|[^\s";]*))?)*$/

/** What an interim head tells the client. Without a link it tells nothing. */
export function interimFields(head: ResponseHead): { link?: string[] } & Record<string, string | string[]> {
  const fields: { link?: string[] } & Record<string, string | string[]> = Object.create(null) as Record<string, string[]>
  for (const [received, value] of head.headers) {
    const name = received.toLowerCase()
    if (!FIELDS.has(name) || /[^\t\x20-\x7e]/.test(value)) continue
    if (name !== 'link') fields[name] = value
    else for (const link of value.split(/,\s*(?=<)/)) if (LINK.test(link)) (fields.link ??= []).push(link)
  }
  return fields
}
