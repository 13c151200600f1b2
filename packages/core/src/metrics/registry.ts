/** Upper bounds in seconds; the last bucket is infinity. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** A histogram as plain data: observations by bucket, not cumulated, the last one without an upper bound. */
export interface HistogramData {
  readonly counts: readonly number[]
  readonly sum: number
}

/** A histogram as a typed array: one increment per observation. */
export class Histogram {
  readonly #counts = new Float64Array(DURATION_BUCKETS.length + 1)
  #sum = 0

  observe(seconds: number): void {
    this.#sum += seconds
    let i = 0
    while (i < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[i]!) i++
    this.#counts[i]! += 1
  }

  /** What was observed so far, as plain data. */
  snapshot(): HistogramData {
    return { counts: [...this.#counts], sum: this.#sum }
  }

  /** Adds what another one observed. */
  merge({ counts, sum }: HistogramData): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i]! += counts[i] ?? 0
    this.#sum += sum
  }

  /** The exposition lines of one series; `labels` without braces, empty for none. */
  lines(name: string, labels: string): string {
    const before = labels === '' ? '' : `${labels},`
    const own = labels === '' ? '' : `{${labels}}`
    let text = ''
    let total = 0
    for (let i = 0; i < this.#counts.length; i++) {
      total += this.#counts[i]!
      text += `${name}_bucket{${before}le="${DURATION_BUCKETS[i] ?? '+Inf'}"} ${total}\n`
    }
    return `${text}${name}_sum${own} ${this.#sum}\n${name}_count${own} ${total}\n`
  }
}

/** A label value in exposition format, quotes included. */
export function labelValue(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/** HELP and TYPE of a metric, present from the start even where no series exists yet. */
export function describe(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}
