import * as v from 'valibot'

/** Which file. */
export interface FileOptions {
  /** YAML or JSON: a list of services, or a map with `services`. A relative path starts at the working directory. */
  readonly path: string
}

export const fileOptions = v.strictObject({ path: v.pipe(v.string(), v.nonEmpty('write the path of a file')) })
