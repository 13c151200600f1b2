import { clean } from '../../text.ts'
import { BUILT_IN, BUILT_IN_PACKAGE } from './built-in.ts'
import { protoCamelCase } from '@bufbuild/protobuf/reflect'
import { LONGEST_NAME, typesOf, within } from './types.ts'
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/** Files that fit together, dependencies first, and what had to be left as it was. */
export interface Linked {
  readonly files: readonly FileDescriptorProto[]
  readonly notes: readonly string[]
}

/**
 * Makes what a server says of itself a set that compilers accept. Servers on Node (grpc-js with its reflection package) invent one file per package, import nothing,
 * name types relative to their scope and leave JSON names out; others import files that exist for options only, or under another name. Imports are therefore
 * worked out again from the types that are used. Changes the files it is given.
 */
export function link(served: readonly FileDescriptorProto[]): Linked {
  // In the order of their names: the same files make the same document, however they came.
  const own = [...served]
    .filter((file) => file.package !== BUILT_IN_PACKAGE && !BUILT_IN.has(file.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const owners = typesOf([...BUILT_IN.values(), ...own])
  const names = new Map([...BUILT_IN, ...own.map((file) => [file.name, file] as const)])
  const notes = new Set<string>()
  const note = (text: string): void => void (notes.size < 20 && notes.add(text))
  for (const file of own) {
    const used = new Set<string>()
    const resolve = (name: string, scope: string): string => {
      const found = lookUp(name, scope, owners)
      if (found === undefined) {
        note(`the type ${clean(name, 200)} in ${clean(file.name, 200)} is unknown`)
        return name
      }
      const owner = owners.get(found)!
      if (owner !== file.name) used.add(owner)
      return `.${found}`
    }
    repair(file, resolve)
    importOnly(file, (name) => names.has(name), used)
  }
  return { files: ordered(own, names, note), notes: [...notes] }
}

/** A full name for one as written: absolute, or relative to a scope, looked for from the inside out as the language does. */
function lookUp(name: string, scope: string, owners: ReadonlyMap<string, string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined
  if (name.startsWith('.')) return owners.has(name.slice(1)) ? name.slice(1) : undefined
  for (let at = scope; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const full = at === '' ? name : `${at}.${name}`
    if (owners.has(full)) return full
    if (at === '') return undefined
  }
}

type Resolve = (name: string, scope: string) => string

function repair(file: FileDescriptorProto, resolve: Resolve): void {
  for (const message of file.messageType) repairMessage(message, file.package, resolve)
  for (const field of file.extension) repairField(field, file.package, resolve)
  for (const service of file.service) {
    for (const method of service.method) {
      method.inputType = resolve(method.inputType, file.package)
      method.outputType = resolve(method.outputType, file.package)
    }
  }
}

function repairMessage(message: DescriptorProto, scope: string, resolve: Resolve): void {
  const name = within(scope, message.name)
  for (const nested of message.nestedType) repairMessage(nested, name, resolve)
  for (const field of [...message.field, ...message.extension]) repairField(field, name, resolve)
}

function repairField(field: FieldDescriptorProto, scope: string, resolve: Resolve): void {
  if (field.typeName !== '') field.typeName = resolve(field.typeName, scope)
  if (field.extendee !== '') field.extendee = resolve(field.extendee, scope)
  // Without it libraries write every field under the same, empty, name.
  if (field.jsonName === '') field.jsonName = protoCamelCase(field.name)
}

/** Leaves the imports that are there, and adds those that the types need. */
function importOnly(file: FileDescriptorProto, isThere: (name: string) => boolean, used: ReadonlySet<string>): void {
  const isPublic = new Set(file.publicDependency.map((index) => file.dependency[index]))
  file.dependency = [...new Set([...file.dependency.filter(isThere), ...[...used].sort()])].filter((name) => name !== file.name)
  file.publicDependency = file.dependency.flatMap((name, index) => (isPublic.has(name) ? [index] : []))
  file.weakDependency = []
}

/** All files with what they import before them. A circle, which no compiler would make, is noted and cut. */
function ordered(
  own: readonly FileDescriptorProto[],
  names: ReadonlyMap<string, FileDescriptorProto>,
  note: (text: string) => void,
): FileDescriptorProto[] {
  const done = new Set<string>()
  const open = new Set<string>()
  const result: FileDescriptorProto[] = []
  const stack = own.map((file) => file.name).toReversed()
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const file = names.get(name)!
    const waiting = done.has(name) ? [] : file.dependency.filter((item) => names.has(item) && !done.has(item))
    const next = waiting.filter((item) => !open.has(item))
    if (next.length > 0 && !done.has(name)) {
      open.add(name)
      stack.push(...next.toReversed())
      continue
    }
    if (waiting.length > 0) note(`${clean(name, 200)} is part of a circle of imports`)
    stack.pop()
    open.delete(name)
    if (!done.has(name)) result.push(file)
    done.add(name)
  }
  return result
}
