import { clearTimeout, setTimeout } from 'node:timers'

/** Runs `work` with a signal that ends after `ms`, or with `parent`; nothing stays attached to `parent`, and no process is kept alive. */
export async function withDeadline<T>(ms: number, parent: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = (): void => controller.abort(parent?.reason)
  const timer = setTimeout(() => controller.abort(new Error(`there was no answer within ${ms} ms`)), ms)
  timer.unref()
  if (parent?.aborted === true) stop()
  parent?.addEventListener('abort', stop, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    parent?.removeEventListener('abort', stop)
  }
}

/** The outcome of `work`, or a rejection when `signal` aborts first: work that never ends must not hold up an end. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('it was given up'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    const detach = (): void => signal.removeEventListener('abort', abort)
    work.then(resolve, reject).then(detach, detach)
  })
}
