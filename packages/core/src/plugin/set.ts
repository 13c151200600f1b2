import { ConfigError, toGatewayError } from '../errors.ts'
import { dataKey, sameData } from '../same.ts'
import type { ConfigIssue } from '../errors.ts'
import type { Hooks, Plugin, PluginHost } from './plugin.ts'
import type { Logger } from '../log/logger.ts'

interface Live {
  readonly plugin: Plugin
  readonly hooks: Hooks
  /** Equal for equal identities. */
  readonly key: string
  users: number
}

/**
 * The plugins that are set up, each held by the generations that use it. A plugin whose identity is equal to a running one's is that one:
 * its state survives an update.
 */
export class PluginSet {
  readonly #live: Live[] = []
  /** By key: routes may bring thousands, and comparing each with every other would take minutes. */
  readonly #byKey = new Map<string, Live[]>()
  readonly #host: PluginHost

  constructor(log: Logger) {
    this.#host = { log }
  }

  /** What is set up now. */
  get list(): readonly Plugin[] {
    return this.#live.map((live) => live.plugin)
  }

  /** The hooks of these plugins, in order. All failures of `setup` in one `ConfigError`; then nothing is held. */
  async acquire(plugins: readonly Plugin[]): Promise<Hooks[]> {
    const held: Live[] = []
    const issues: ConfigIssue[] = []
    for (const plugin of plugins) {
      try {
        held.push(await this.#hold(plugin))
      } catch (thrown) {
        const error = toGatewayError(thrown)
        if (error instanceof ConfigError) issues.push(...error.issues)
        else
          issues.push({ code: 'plugin_failed', path: `plugin ${plugin.name}`, message: `The plugin could not be set up: ${error.message}` })
      }
    }
    if (issues.length === 0) return held.map((live) => live.hooks)
    await this.release(held.map((live) => live.hooks))
    throw new ConfigError(issues)
  }

  async #hold(plugin: Plugin): Promise<Live> {
    const key = dataKey(plugin.identity)
    let live = this.#byKey.get(key)?.find((candidate) => sameData(candidate.plugin.identity, plugin.identity))
    if (live === undefined) {
      live = { plugin, hooks: await plugin.setup(this.#host), key, users: 0 }
      this.#live.push(live)
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), live])
    }
    live.users += 1
    return live
  }

  /** Lets go of hooks; a plugin nobody holds is disposed. Every failure to dispose goes to the log: nobody is left to catch it. */
  async release(hooks: readonly Hooks[]): Promise<void> {
    for (const hook of hooks) {
      const live = this.#live.find((candidate) => candidate.hooks === hook)
      if (live === undefined) continue
      live.users -= 1
      if (live.users > 0) continue
      this.#live.splice(this.#live.indexOf(live), 1)
      const left = this.#byKey.get(live.key)!.filter((other) => other !== live)
      if (left.length === 0) this.#byKey.delete(live.key)
      else this.#byKey.set(live.key, left)
      try {
        await live.hooks[Symbol.asyncDispose]?.()
      } catch (thrown) {
        this.#host.log.error('plugin failed to dispose', { plugin: live.plugin.name, reason: String(thrown) })
      }
    }
  }
}
