export interface Check {
  readonly promise: string
  /** What is wrong, one line each; nothing when all is well. */
  readonly run: () => readonly string[] | Promise<readonly string[]>
  readonly slow?: boolean
  readonly warns?: boolean
}
export const checks: Readonly<Record<string, Check>>
