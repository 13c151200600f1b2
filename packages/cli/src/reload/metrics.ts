import type { ReloadResult } from './reloader.ts'

const OUTCOMES = ['applied', 'refused', 'failed'] as const

/** Counts reloads. */
export class ReloadMetrics {
  readonly #counts = new Map<string, number>()
  #appliedAt = Date.now()

  count({ outcome }: ReloadResult): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1)
    if (outcome === 'applied') this.#appliedAt = Date.now()
  }

  /** The text exposition format, version 0.0.4. */
  exposition(): Promise<string> {
    const lines = OUTCOMES.map((outcome) => `octopus_config_reloads_total{result="${outcome}"} ${this.#counts.get(outcome) ?? 0}\n`)
    return Promise.resolve(
      '# HELP octopus_config_reloads_total Reloads of the configuration, by what came of them.\n' +
        `# TYPE octopus_config_reloads_total counter\n${lines.join('')}` +
        '# HELP octopus_config_last_applied_timestamp_seconds When the configuration that runs was loaded.\n' +
        `# TYPE octopus_config_last_applied_timestamp_seconds gauge\noctopus_config_last_applied_timestamp_seconds ${this.#appliedAt / 1000}\n`,
    )
  }
}
