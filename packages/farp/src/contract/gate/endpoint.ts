import { clean } from '../../text.ts'
import { DecisionError } from './gate.ts'
import { isObject, ownText } from '../../json.ts'
import { linesIn } from './view.ts'
import type { ContractGate } from './gate.ts'
import type { ProvidedEndpoint } from '@octopus-gateway/core'
import type { Settings } from '../../options.ts'

const BASE = '/_farp/contracts'
const LONGEST_BODY = 4096

/** `/_farp/contracts`: what is approved and what is held, and how it is decided. Behind the credential of the admin API. */
export function contractEndpoint({ updatePolicy }: Settings, gateOf: () => ContractGate | undefined): ProvidedEndpoint {
  return {
    path: BASE,
    access: 'admin',
    async handler(request) {
      const gate = gateOf()
      if (gate === undefined) return problem(503, 'NOT_READY', 'The gateway is starting')
      const parts = partsOf(new URL(request.url).pathname)
      if (parts === undefined) return problem(404, 'NOT_FOUND', 'There is nothing here')
      const [service, action] = parts
      if (action !== undefined) return decide(request, { gate, service: service!, action })
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return problem(405, 'METHOD_NOT_ALLOWED', 'Only GET is answered here', 'GET, HEAD')
      const services = linesIn(gate, updatePolicy, service)
      if (service !== undefined && services.length === 0)
        return problem(404, 'NO_SUCH_SERVICE', `No service "${clean(service, 200)}" is known here`)
      const response = json(200, { policy: updatePolicy, services })
      return request.method === 'HEAD' ? new Response(null, response) : response
    },
  }
}

/** The service and what to do with it; a name with a slash in it (`users/v1.2.3`) is written encoded. */
function partsOf(path: string): readonly [string?, ('approve' | 'reject')?] | undefined {
  const segments = path.slice(BASE.length).split('/').slice(1)
  if (segments.length === 0 || (segments.length === 1 && segments[0] === '')) return []
  const service = decoded(segments[0]!)
  if (service === undefined || service === '' || segments.length > 2) return undefined
  if (segments.length === 1) return [service]
  const action = segments[1]
  return action === 'approve' || action === 'reject' ? [service, action] : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // The only failure is a malformed name, which nobody has.
    return undefined
  }
}

const STATUS: Readonly<Record<DecisionError['code'], number>> = {
  NO_SUCH_SERVICE: 404,
  NO_SUCH_GENERATION: 404,
  AMBIGUOUS: 409,
  APPROVED_ALREADY: 409,
}

async function decide(
  request: Request,
  { gate, service, action }: { readonly gate: ContractGate; readonly service: string; readonly action: 'approve' | 'reject' },
): Promise<Response> {
  if (request.method !== 'POST') return problem(405, 'METHOD_NOT_ALLOWED', 'Only POST is answered here', 'POST')
  // A page of another site can make a browser send its credentials along with a form, but not JSON without asking first (CORS preflight).
  if (request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'A decision has to come with Content-Type: application/json')
  }
  const generation = await generationIn(request)
  if (generation === undefined) return problem(400, 'BAD_REQUEST', 'The body has to be {"generation": "…"}')
  try {
    const contract = await (action === 'approve' ? gate.approve(service, generation) : gate.reject(service, generation))
    const { digest, version, checksum } = contract
    return json(200, {
      service,
      decision: action === 'approve' ? 'approved' : 'rejected',
      generation: contract.generation,
      version,
      checksum,
      contract: digest,
    })
  } catch (thrown) {
    if (thrown instanceof DecisionError) return problem(STATUS[thrown.code], thrown.code, clean(thrown.message, 500))
    throw thrown
  }
}

/** `generation`, or `checksum` of the manifest in its place. */
async function generationIn(request: Request): Promise<string | undefined> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > LONGEST_BODY) return undefined
  }
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return undefined
    return ownText(value, 'generation') || ownText(value, 'checksum') || undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function json(status: number, value: unknown): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } })
}

function problem(status: number, code: string, title: string, allow?: string): Response {
  const headers = { 'content-type': 'application/problem+json', ...(allow === undefined ? {} : { allow }) }
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code }), { status, headers })
}
