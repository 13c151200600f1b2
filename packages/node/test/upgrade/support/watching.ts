import type { Outcome, Plugin, RequestContext } from '@octopus-gateway/core'

/** A plugin that keeps the outcome of every request. */
export function recorder(): {
  readonly outcomes: Outcome[]
  readonly seen: { status: number; protocol: string }[]
  readonly plugin: Plugin
} {
  const outcomes: Outcome[] = []
  const seen: { status: number; protocol: string }[] = []
  return {
    outcomes,
    seen,
    plugin: plugin('recorder', {
      onFinish: (ctx, outcome) => {
        outcomes.push(outcome)
        seen.push({ status: outcome.status, protocol: ctx.protocol })
      },
    }),
  }
}

type Setup = Awaited<ReturnType<Plugin['setup']>>

/** A plugin made of hooks. */
export function plugin(name: string, hooks: Setup & { onFinish?(ctx: RequestContext, outcome: Outcome): void }): Plugin {
  return { name, version: '1.0.0', identity: { name, version: '1.0.0', config: hooks }, setup: () => hooks }
}
