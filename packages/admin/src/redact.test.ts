import { describe, expect, test } from 'vitest'
import { redactMetadata, redactText } from './redact.ts'

describe('redactText', () => {
  test.each([
    ['GET http://user:pw@registry:8500/v1 failed', 'GET http://[redacted]@registry:8500/v1 failed'],
    ['https://h/x?a=1&access_token=abc&b=2', 'https://h/x?a=1&access_token=[redacted]&b=2'],
    ['refused: Authorization: Bearer abcdefghijk', 'refused: Authorization: [redacted]'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'token [redacted]'],
    ['key ghp_0123456789abcdef0123', 'key [redacted]'],
    ['http://10.0.0.7:8080/_farp/manifest?v=2', 'http://10.0.0.7:8080/_farp/manifest?v=2'],
    ['connect ECONNREFUSED 127.0.0.1:8081', 'connect ECONNREFUSED 127.0.0.1:8081'],
  ])('%s', (text, clean) => {
    expect(redactText(text)).toBe(clean)
  })

  test('cuts texts that never end', () => {
    expect(redactText('x'.repeat(50_000))).toBe(`${'x'.repeat(1024)}… [50000 characters]`)
  })
})

describe('redactMetadata', () => {
  test('hides values by name and by form, keeps the rest, sorts', () => {
    const metadata = {
      zone: 'eu-1',
      'farp.manifest': 'http://10.0.0.7/_farp/manifest',
      'farp.webhook.secret': 's3cret',
      API_KEY: 'k',
      'db.password': 'p',
      authorization: 'x',
      author: 'Ada',
      checksum: 'a'.repeat(64),
      schema_manifest: '{"webhook":{"secret":"s3cret"}}',
    }
    const clean = redactMetadata(metadata)
    expect(Object.keys(clean)).toEqual(Object.keys(metadata).sort())
    expect({ ...clean }).toEqual({
      API_KEY: '[redacted]',
      author: 'Ada',
      authorization: '[redacted]',
      checksum: 'a'.repeat(64),
      'db.password': '[redacted]',
      'farp.manifest': 'http://10.0.0.7/_farp/manifest',
      'farp.webhook.secret': '[redacted]',
      schema_manifest: '[document, 31 characters]',
      zone: 'eu-1',
    })
  })

  test('a key named __proto__ stays a key', () => {
    const clean = redactMetadata(JSON.parse('{"__proto__":"x"}') as Record<string, string>)
    expect(JSON.stringify(clean)).toBe('{"__proto__":"x"}')
  })
})
