import type { webcrypto } from 'node:crypto'

/**
 * A keyed digest (HMAC-SHA-256) with a random key that lives as long as the process. Digests can be kept and compared without care:
 * they tell nothing about the text, and how long a comparison takes tells nothing that an attacker can aim at.
 */
export function createDigester(): (text: string) => Promise<string> {
  const encoder = new TextEncoder()
  let key: Promise<webcrypto.CryptoKey> | undefined
  return async (text) => {
    key ??= crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const digest = new Uint8Array(await crypto.subtle.sign('HMAC', await key, encoder.encode(text)))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}
