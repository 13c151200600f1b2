import type { LaneAnswer } from './client.ts'

/** Fields that belong to one connection or one moment, and an id that is new in every request. */
const NOT_COMPARED = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding', 'x-request-id'])

/** What of an answer must be the same on every lane. */
export function project(answer: LaneAnswer): unknown {
  const headers = new Map<string, string[]>()
  for (const [name, value] of answer.headers) {
    if (NOT_COMPARED.has(name)) continue
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  const isEcho = answer.header('content-type') === 'application/json' && answer.body.length > 0
  // An echo repeats fields that name ports and ids: its length differs with them.
  if (answer.header('content-type') === 'application/json' || answer.text.includes('"request_id"')) headers.delete('content-length')
  // `Headers` joins repeated fields, which means the same (RFC 9110, section 5.3); `set-cookie` must stay apart.
  const fields = [...headers].map(([name, values]) => [name, name === 'set-cookie' ? values : values.join(', ')])
  fields.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
  return {
    status: answer.status,
    headers: fields,
    body: isEcho ? echoed(answer) : answer.text.replace(/"request_id":"[^"]+"/, '"request_id":"…"'),
  }
}

function echoed(answer: LaneAnswer): unknown {
  const { headers: _headers, ...rest } = answer.json()
  return rest
}
