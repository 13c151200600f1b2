import { ERRORS } from './errors.ts'
import { expect, test } from 'vitest'

test('docs/errors.md is the catalogue', async () => {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, source, retry, title }]) => `| \`${code}\` | ${status} | ${source} | ${retry} | ${title} |`,
  )
  const text = `# Errors

Every failure that the gateway itself answers is an RFC 9457 problem document, \`application/problem+json\`, with \`title\`, \`status\`, \`code\` and
\`request_id\`. What caused it is in the log under the same request id, and nowhere else.

This table is made from the catalogue in \`packages/core/src/errors.ts\`. "Another attempt" tells when a failed attempt may be followed by one at another
instance: \`never\`; \`idempotent\`, for methods that may be repeated (RFC 9110, section 9.2.2); \`always\`, because nothing had been sent.

| code | status | at fault | another attempt | title |
|---|---|---|---|---|
${rows.join('\n')}
`
  await expect(text).toMatchFileSnapshot('../../../docs/errors.md')
})
