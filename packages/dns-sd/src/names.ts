/** Labels with dots between them. A label may hold dots itself, as in `users-1.2`: these are written `\.`, and a backslash `\\`. */
export function nameOf(labels: readonly string[]): string {
  return labels.map((label) => label.replaceAll(/[.\\]/g, String.raw`\$&`)).join('.')
}

/** The labels of a name that was written by `nameOf`. */
export function labelsOf(name: string): string[] {
  return [...name.matchAll(/(?:[^.\\]|\\.)+/gsu)].map(([label]) => label.replaceAll(/\\(.)/gsu, '$1'))
}

/** What two spellings of one name have in common. */
export function keyOf(name: string): string {
  return name.toLowerCase()
}

/** The label in front of a type and its domain, or `undefined` for a name of another type. */
export function instanceLabel(name: string, parent: string): string | undefined {
  const labels = labelsOf(name)
  return keyOf(nameOf(labels.slice(1))) === keyOf(parent) ? labels[0] : undefined
}
