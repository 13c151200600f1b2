import { SchemaError } from '../../schemas/parse.ts'
import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/** Characters of a full name. A long name around many short ones would be copied into each of theirs. */
export const LONGEST_NAME = 1024

/** Parts of a name: a type is looked for in each scope around it. */
const DEEPEST_NAME = 64

/** The full name of every message and enum in some files, and the file that declares it; the first one counts. Throws `SchemaError` for a name beyond reason. */
export function typesOf(files: readonly FileDescriptorProto[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>()
  const add = (name: string, file: string): void => void (owners.has(name) || owners.set(name, file))
  const addMessage = (message: DescriptorProto, scope: string, file: string): void => {
    const name = within(scope, message.name)
    add(name, file)
    for (const nested of message.nestedType) addMessage(nested, name, file)
    for (const item of message.enumType) add(within(name, item.name), file)
  }
  for (const file of files) {
    within('', file.package)
    for (const message of file.messageType) addMessage(message, file.package, file.name)
    for (const item of file.enumType) add(within(file.package, item.name), file.name)
  }
  return owners
}

/** A name in a scope; the outermost scope has no name. Throws `SchemaError` for one beyond reason. */
export function within(scope: string, name: string): string {
  if (name.split('.').length > DEEPEST_NAME) throw new SchemaError(`it has a name of more than ${DEEPEST_NAME} parts`)
  if (scope.length + name.length >= LONGEST_NAME) throw new SchemaError(`it has a name of more than ${LONGEST_NAME} characters`)
  return scope === '' ? name : `${scope}.${name}`
}
