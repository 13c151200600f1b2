import type { ResponseHead } from './head.ts'

/** Whether an answer is a stream of server-sent events (HTML standard, section 9.2): it may be silent for long, and nothing of it may wait. */
export function isEventStream(head: ResponseHead): boolean {
  const type = head.headers.get('content-type')
  return type !== undefined && /^text\/event-stream(?:$|[;\s])/i.test(type)
}
