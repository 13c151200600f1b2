import { BUILT_IN } from './built-in.ts'
import { clean } from '../../text.ts'
import { decodeFiles, plain } from './descriptor-set.ts'
import { link } from './link.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import type { JsonObject } from '../../json.ts'
import type { Limits } from '../../limits.ts'
import type { ReflectionAnswer, ReflectionQuestion } from './reflection-messages.ts'

/** What a server said of itself. */
export interface Reflected {
  /** A FileDescriptorSet in protobuf's JSON mapping, with the files that its services need, dependencies first. */
  readonly document: JsonObject
  /** What it could not or would not describe, for people. */
  readonly notes: readonly string[]
}

/** Asks questions; answers come in their order. */
export type Ask = (questions: readonly ReflectionQuestion[]) => Promise<ReflectionAnswer[]>

/** Gets the files that declare these services, and what those need, round after round until nothing is missing that the server has. */
export async function gather(services: readonly string[], ask: Ask, limits: Limits): Promise<Reflected> {
  const files = new Map<string, FileDescriptorProto>()
  const notes: string[] = []
  const asked = new Set<string>()
  // One for all answers: each could cost as much as all of them may.
  const budget = { nodes: limits.nodes }
  const store = (answers: readonly ReflectionAnswer[], about: readonly string[]): void => {
    for (const [index, answer] of answers.entries()) {
      if (answer.kind !== 'files') {
        notes.push(
          `the server does not describe ${clean(about[index]!, 200)}${answer.kind === 'error' ? `: ${clean(answer.message, 200)}` : ''}`,
        )
        continue
      }
      for (const file of decodeFiles(answer.files, limits, budget)) if (isUsable(file) && !files.has(file.name)) files.set(file.name, file)
      if (files.size > limits.paths) throw new SchemaError(`the server has more than ${limits.paths} files`)
    }
  }
  store(await ask(services.map((symbol) => ({ symbol }))), services)
  for (let missing = missingIn(files, asked); missing.length > 0; missing = missingIn(files, asked)) {
    if (asked.size > limits.paths) throw new SchemaError(`the server refers to more than ${limits.paths} files`)
    store(await ask(missing.map((file): ReflectionQuestion => ({ file }))), missing)
  }
  const linked = link([...files.values()])
  return { document: plain(linked.files, limits), notes: [...notes, ...linked.notes].slice(0, 20) }
}

/** Some servers send a placeholder for a file they do not have. */
function isUsable({ name, syntax }: FileDescriptorProto): boolean {
  return name !== '' && !syntax.startsWith('<')
}

/** Imports that are neither there nor built in, each asked for once. */
function missingIn(files: ReadonlyMap<string, FileDescriptorProto>, asked: Set<string>): string[] {
  const missing = [...files.values()].flatMap(({ dependency }) =>
    dependency.filter((name) => !files.has(name) && !BUILT_IN.has(name) && !asked.has(name)),
  )
  for (const name of missing) asked.add(name)
  return [...new Set(missing)]
}
