import type { KubernetesObject } from './store.ts'

type Test = (object: KubernetesObject) => boolean

/** The label selectors of the API: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. Throws on anything else. */
export function labelSelector(text: string): Test {
  const tests = splitOutside(text).map((part): ((labels: ReadonlyMap<string, string>) => boolean) => {
    const set = /^([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(part)
    if (set !== null) {
      const [, key = '', word, list = ''] = set
      const values = list.split(',').map((value) => value.trim())
      const isIn = (labels: ReadonlyMap<string, string>): boolean => labels.has(key) && values.includes(labels.get(key)!)
      return word === 'in' ? isIn : (labels) => !isIn(labels)
    }
    const equal = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(part)
    if (equal !== null) {
      const [, key = '', sign, value] = equal
      return sign === '!=' ? (labels) => labels.get(key) !== value : (labels) => labels.get(key) === value
    }
    const present = /^(!?)([\w./-]+)$/.exec(part)
    if (present === null) throw new Error(`unable to parse requirement: ${part}`)
    return (labels) => labels.has(present[2]!) === (present[1] === '')
  })
  return ({ metadata }) => {
    const labels = new Map(Object.entries(metadata.labels ?? {}))
    return tests.every((test) => test(labels))
  }
}

/** Field selectors for names and namespaces. Throws on other fields. */
export function fieldSelector(text: string): Test {
  const tests = splitOutside(text).map((part): Test => {
    const match = /^metadata\.(name|namespace)={1,2}(.*)$/.exec(part)
    if (match === null) throw new Error(`field label not supported: ${part}`)
    return ({ metadata }) => metadata[match[1] as 'name' | 'namespace'] === match[2]
  })
  return (object) => tests.every((test) => test(object))
}

function splitOutside(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
