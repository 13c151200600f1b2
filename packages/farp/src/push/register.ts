import { ManifestError } from '../manifest/manifest.ts'
import { clean } from '../text.ts'
import { isAuthorityOf } from './access.ts'
import { parseManifest } from '../manifest/parse.ts'
import { PushError } from './push-error.ts'
import { targetOf } from './target.ts'
import type { Desk } from './desk.ts'
import type { Gate } from './gates.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Principal } from './access.ts'
import type { Registration } from './registration.ts'
import type { Settings } from '../options.ts'
import type { Submission } from './submission.ts'

/** Rates of registrations, by service. */
export interface RegisterGates {
  /** Of instances that are known. */
  readonly updates: Gate
  /** Of all. */
  readonly all: Gate
}

/** What a registration came to. */
export interface Registered {
  readonly registration: Registration
  readonly manifest: Manifest | undefined
  readonly isNew: boolean
}

/** Takes a registration in, or throws a `PushError`; then nothing has changed, and what was registered before holds. */
export async function register(
  submission: Submission,
  principal: Principal,
  { desk, settings, gates }: { readonly desk: Desk; readonly settings: Settings; readonly gates: RegisterGates },
): Promise<Registered> {
  const { service, id, claim } = submission
  checkRights(principal, service)
  const manifest = submission.manifest === undefined ? undefined : checkedManifest(submission, settings)
  checkOwner(desk.registry.get(service, id), principal)
  checkRoom(submission, desk, settings)
  const wait = Math.max(gates.all.take(service), desk.registry.get(service, id) === undefined ? 0 : gates.updates.take(service))
  if (wait > 0) throw new PushError(429, 'RATE_LIMITED', 'the service registers too often', { headers: { 'retry-after': String(wait) } })
  const target = await targetOf(claim, principal, settings)
  // From here to the registry nothing waits: of two who claim the same instance the second is refused.
  const before = desk.registry.get(service, id)
  checkOwner(before, principal)
  const registration = await desk.registry.put({
    service,
    id,
    version: submission.version || (manifest?.serviceVersion ?? ''),
    ...target,
    tags: submission.tags,
    metadata: submission.metadata,
    manifest: submission.manifest,
    status: submission.status,
    owner: before?.owner ?? principal.owner,
    source: principal.ip ?? '',
  })
  return { registration, manifest, isNew: before === undefined }
}

/** Before anything is spent on it, and again when it is about to happen. */
function checkOwner(registered: Registration | undefined, principal: Principal): void {
  if (registered === undefined || isAuthorityOf(principal, registered)) return
  throw new PushError(
    409,
    'INSTANCE_OWNED',
    'the instance is registered by somebody else; it can be taken over with the same credential only',
  )
}

/** Whoever has a credential for some services has nothing to do with others. */
export function checkRights({ services }: Principal, service: string): void {
  if (services !== undefined && !services.has(service))
    throw new PushError(
      403,
      'SERVICE_FORBIDDEN',
      'this credential is not for this service (farp.push.tokens, farp.push.client_certificates)',
    )
}

function checkedManifest({ manifest: text, service }: Submission, { strict, limits }: Settings): Manifest {
  const content = text ?? ''
  if (Buffer.byteLength(content) > limits.manifestBytes)
    throw new PushError(413, 'PAYLOAD_TOO_LARGE', `the manifest has more than ${limits.manifestBytes} bytes`)
  let manifest: Manifest
  try {
    manifest = parseManifest(content, { mode: strict ? 'strict' : 'lenient', newerMinor: true, addressKnown: true, limits }).manifest
  } catch (thrown) {
    if (!(thrown instanceof ManifestError)) throw thrown
    throw new PushError(400, 'INVALID_MANIFEST', `the manifest is refused: ${thrown.message}`, {
      body: { reason: thrown.code, ...(thrown.field === undefined ? {} : { field: clean(thrown.field, 100) }) },
    })
  }
  if (manifest.serviceName !== service)
    throw new PushError(
      400,
      'SERVICE_NAME_DIFFERS',
      `the instance says that it is of "${service}", and its manifest that it is of "${manifest.serviceName}"`,
    )
  return manifest
}

function checkRoom({ service, id, manifest = '' }: Submission, { registry }: Desk, { limits }: Settings): void {
  const before = registry.get(service, id)
  if (registry.characters - (before?.manifest?.length ?? 0) + manifest.length > limits.registeredCharacters)
    throw new PushError(429, 'LIMIT_EXCEEDED', `all registered manifests together have at most ${limits.registeredCharacters} characters`, {
      headers: { 'retry-after': '60' },
    })
  if (before !== undefined) return
  const instances = registry.countOf(service)
  if (instances >= limits.instances)
    throw new PushError(429, 'LIMIT_EXCEEDED', `a service has at most ${limits.instances} registered instances`, {
      headers: { 'retry-after': '60' },
    })
  if (instances === 0 && registry.services >= limits.services)
    throw new PushError(429, 'LIMIT_EXCEEDED', `there are at most ${limits.services} registered services`, {
      headers: { 'retry-after': '60' },
    })
}
