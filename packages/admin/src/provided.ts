import { problem } from './answers.ts'
import type { Connection } from './connection.ts'
import type { Gateway, ProvidedEndpoint } from '@octopus-gateway/core'

/** The endpoint that a source serves at a path: the longest prefix that fits. */
export function providedAt(gateway: Gateway, url: string): ProvidedEndpoint | undefined {
  const { pathname } = new URL(url)
  const fitting = gateway.provided.filter(({ path }) => pathname === path || pathname.startsWith(`${path}/`))
  return fitting.sort((a, b) => b.path.length - a.path.length)[0]
}

/** Lets a source answer. What it throws is for the log alone. */
export async function answerProvided(
  endpoint: ProvidedEndpoint,
  request: Request,
  { connection, failed }: { readonly connection: Connection; readonly failed: (thrown: unknown) => void },
): Promise<Response> {
  try {
    const answer = await endpoint.handler(request, { ip: connection.remote, certificate: connection.certificate })
    // A handler may answer with what it got from elsewhere, whose headers cannot be changed.
    return new Response(answer.body, answer)
  } catch (thrown) {
    failed(thrown)
    return problem({ status: 500, code: 'INTERNAL', title: 'The endpoint failed to answer; the log says why' })
  }
}
