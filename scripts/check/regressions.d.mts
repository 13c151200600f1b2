export function regressionRows(): { row: number; title: string }[]
export function rowsOfTitle(title: string): number[]
export function regressions(): string[]
