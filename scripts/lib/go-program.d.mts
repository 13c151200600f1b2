/** A program of a Go module. Its version is without a `v`. */
export interface GoProgram {
  readonly name: string
  readonly module: string
  readonly version: string
}

export function goProgram(wanted: GoProgram): Promise<string>
