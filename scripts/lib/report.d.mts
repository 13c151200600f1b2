export interface Counts {
  passed: number
  failed: number
  skipped: number
}
export function counts(reportPath: string): Counts
export function missingComponents(dir: string): string[]
export function countsLine(counts: Counts): string
