import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'

/** The first certificate of a text, or what is wrong with it. */
export function certificateIn(text: string): X509Certificate | string {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    return text.includes('PRIVATE KEY-----')
      ? 'holds a private key where a certificate is wanted'
      : 'holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----'
  }
  try {
    return new X509Certificate(text)
  } catch {
    return 'holds a certificate that cannot be read; check that the file is complete'
  }
}

/** The private key of a text, or what is wrong with it. Nothing of the text is repeated. */
export function keyIn(text: string): KeyObject | string {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text)) {
    return 'holds an encrypted key, and nobody is there to be asked for the password; decrypt it: openssl pkey -in key.pem -out plain.pem'
  }
  if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text))
    return 'holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----'
  try {
    return createPrivateKey(text)
  } catch {
    return 'holds a private key that cannot be read; check that the file is complete'
  }
}
