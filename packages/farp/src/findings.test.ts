import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FINDING_CODES } from './findings.ts'
import { PUSH_CODES } from './push/push-error.ts'

test('docs/farp.md explains every finding, and no other', () => {
  const page = readFileSync(new URL('../../../docs/farp.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\w+)/gm)].map(([, code, severity]) => [code, severity])
  expect(rows).toEqual([...FINDING_CODES].sort(([a], [b]) => (a < b ? -1 : 1)))
})

test('docs/push.md explains every code of the push protocol, and no other', () => {
  const page = readFileSync(new URL('../../../docs/push.md', import.meta.url), 'utf8')
  expect([...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1])).toEqual([...PUSH_CODES])
})

test('every finding is used', () => {
  const folder = new URL('.', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('findings.ts'),
  )
  const findings = readFileSync(new URL('source/service-findings.ts', folder), 'utf8')
  const text = files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n') + findings
  for (const code of FINDING_CODES.keys()) expect(text, code).toContain(`'${code}'`)
})
