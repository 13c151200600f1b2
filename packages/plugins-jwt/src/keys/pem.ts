import { importSPKI, importX509 } from 'jose'
import { MAX_PEM, RSA_BITS } from '../limits.ts'
import { PUBLIC_KEY_ALGORITHMS } from '../algorithms.ts'
import type { Algorithm } from '../algorithms.ts'
import type { CryptoKey } from 'jose'

/** A public key that cannot be used; `message` says why and what to do. */
export class KeyProblem extends Error {
  override readonly name = 'KeyProblem'
}

/** The text of a key: itself, or what is in the file it names. */
export async function readKeyText(textOrPath: string): Promise<string> {
  return textOrPath.includes('-----BEGIN') ? textOrPath : await readKeyFile(textOrPath.trim())
}

async function readKeyFile(path: string): Promise<string> {
  const fs = await import('node:fs/promises').catch((cause: unknown) => {
    throw new KeyProblem('this runtime has no files; give the PEM text itself, not a path', { cause })
  })
  try {
    const { size } = await fs.stat(path)
    if (size > MAX_PEM) throw new KeyProblem(`"${path}" has ${size} bytes; a public key has fewer than ${MAX_PEM}`)
    return await fs.readFile(path, 'utf8')
  } catch (thrown) {
    if (thrown instanceof KeyProblem) throw thrown
    const { code = 'an unknown error' } = thrown as { code?: string }
    throw new KeyProblem(`it is no PEM text (which begins with -----BEGIN), and the file "${path}" cannot be read: ${code}`, {
      cause: thrown,
    })
  }
}

/** The key in a PEM text, for each of the wanted algorithms, or for all that it can do. Throws a `KeyProblem`. */
export async function importPem(text: string, wanted: readonly Algorithm[] | undefined): Promise<ReadonlyMap<Algorithm, CryptoKey>> {
  const { kind, pem } = blockOf(text)
  const importAs = kind === 'CERTIFICATE' ? importX509 : importSPKI
  const imported = new Map<Algorithm, CryptoKey>()
  for (const algorithm of PUBLIC_KEY_ALGORITHMS) {
    // Whether a key fits an algorithm is known by trying.
    const key = await importAs(pem, algorithm).catch(() => null)
    if (key !== null) imported.set(algorithm, key)
  }
  if (imported.size === 0) {
    throw new KeyProblem(
      'it is not a key that can verify tokens: RSA (rsaEncryption), EC on P-256, P-384 or P-521, or Ed25519; check that the PEM text is complete',
    )
  }
  checkModulus([...imported.values()][0]!)
  const missing = wanted?.filter((algorithm) => !imported.has(algorithm)) ?? []
  if (missing.length > 0) throw new KeyProblem(`it cannot verify ${missing.join(', ')}; it is a key for ${[...imported.keys()].join(', ')}`)
  return wanted === undefined ? imported : new Map(wanted.map((algorithm) => [algorithm, imported.get(algorithm)!]))
}

function checkModulus({ algorithm }: CryptoKey): void {
  const { modulusLength } = algorithm as { readonly modulusLength?: number }
  if (modulusLength === undefined || (modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max)) return
  throw new KeyProblem(
    `its modulus has ${modulusLength} bits; use ${RSA_BITS.min} or more (RFC 7518, section 3.3), at most ${RSA_BITS.max}`,
  )
}

function blockOf(text: string): { readonly kind: string; readonly pem: string } {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g)]
  const [block] = blocks
  if (block === undefined) throw new KeyProblem('it has no complete PEM block, -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----')
  const [pem, kind] = block
  if (/PRIVATE KEY/.test(kind!)) {
    throw new KeyProblem('it is a private key, which the gateway must not have; take the public one: openssl pkey -in key.pem -pubout')
  }
  if (kind === 'RSA PUBLIC KEY') {
    throw new KeyProblem('it is in PKCS #1 form; convert it: openssl rsa -RSAPublicKey_in -in key.pem -pubout')
  }
  if (kind !== 'PUBLIC KEY' && kind !== 'CERTIFICATE')
    throw new KeyProblem(`it is a PEM block of type ${kind}; needed is PUBLIC KEY or CERTIFICATE`)
  if (blocks.length > 1) throw new KeyProblem('it has several PEM blocks; give one, or several keys through jwksUrl')
  return { kind, pem }
}
