import { compareMessage } from './fields.ts'
import { modelOf } from './model.ts'
import type { Direction } from '../change.ts'
import type { JsonObject } from '../../json.ts'
import type { Ledger } from '../ledger.ts'
import type { MethodModel, ProtobufModel } from './model.ts'
import type { Rules } from '../rules.ts'

/** Both sets, and where changes are written. */
export interface Models {
  readonly previous: ProtobufModel
  readonly next: ProtobufModel
  readonly ledger: Ledger
}

/** Compares two FileDescriptorSets: services and methods, then the messages that go in and out, by what is on the wire. */
export function* compareProtobuf(before: JsonObject, after: JsonObject, { ledger }: Rules): Generator<void> {
  const [previous, next] = [modelOf(before), modelOf(after)]
  if (previous === undefined || next === undefined) {
    const description = 'there is no FileDescriptorSet in protobuf JSON on both sides, so the two cannot be compared'
    ledger.add({ type: 'not_judged', effect: 'unknown', severity: 'medium', path: '', description })
    return
  }
  const models = { previous, next, ledger }
  for (const [name, methods] of previous.services) {
    const followers = next.services.get(name)
    for (const [method, model] of methods) {
      const label = `${name}/${method}`
      ledger.operation(label, () => {
        const follower = followers?.get(method)
        if (followers === undefined) noteGone(name, models)
        else if (follower === undefined) {
          ledger.add({ type: 'method_removed', effect: 'breaking', severity: 'critical', path: label, description: 'the method is gone' })
        } else compareMethod(label, { model, follower }, models)
      })
      yield
    }
  }
  for (const [name, methods] of next.services) {
    const known = previous.services.get(name)
    for (const method of methods.keys()) {
      if (known?.has(method) === true) continue
      const path = `${name}/${method}`
      const [type, what] = known === undefined ? (['endpoint_added', 'service'] as const) : (['method_added', 'method'] as const)
      ledger.operation(path, () => ledger.add({ type, effect: 'safe', severity: 'low', path, description: `the ${what} is new` }))
    }
  }
}

function noteGone(name: string, { next, ledger }: Models): void {
  const plain = name.slice(name.lastIndexOf('.') + 1)
  const moved = [...next.services.keys()].find((other) => other.slice(other.lastIndexOf('.') + 1) === plain)
  const description =
    moved === undefined ? 'the service is gone' : `the service is ${moved} now: its package changed, and with it the path of every method`
  ledger.add({ type: 'endpoint_removed', effect: 'breaking', severity: 'critical', path: name, description })
}

function compareMethod(
  path: string,
  { model, follower }: { readonly model: MethodModel; readonly follower: MethodModel },
  models: Models,
): void {
  const { ledger } = models
  for (const [member, direction] of [
    ['clientStreaming', 'request'],
    ['serverStreaming', 'response'],
  ] as const) {
    if (model[member] === follower[member]) continue
    const description = `the ${direction === 'request' ? 'client' : 'service'} ${follower[member] ? 'sends a stream' : 'sends one message'} now`
    ledger.add({ type: 'endpoint_changed', effect: 'breaking', severity: 'critical', path, description, direction })
  }
  for (const [member, direction] of [
    ['input', 'request'],
    ['output', 'response'],
  ] as const) {
    compareType(path, { old: model[member], now: follower[member], direction }, models)
  }
  if (!model.isDeprecated && follower.isDeprecated) {
    ledger.add({ type: 'deprecated', effect: 'safe', severity: 'low', path, description: 'the method is deprecated now' })
  }
}

function compareType(
  path: string,
  { old, now, direction }: { readonly old: string; readonly now: string; readonly direction: Direction },
  models: Models,
): void {
  if (old === now) {
    compareMessage({ name: old, direction }, models)
    return
  }
  const description = `the ${direction} type changed from ${old} to ${now}`
  models.ledger.add({ type: 'endpoint_changed', effect: 'breaking', severity: 'critical', path, description, direction })
}
