import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { isObject, ownObject } from '../json.ts'
import { largeOpenApi } from '../testing/large-openapi.ts'
import { mergeOpenApi } from './openapi/merge.ts'
import { refsOf, service } from '../testing/merging.ts'
import { resolvePointer } from '../adapters/pointers.ts'
import type { JsonObject } from '../json.ts'

const NAMES = ['alpha', 'beta', 'gamma']
const sources = NAMES.map((name, seed) => service(name, largeOpenApi(seed, 504)))
const merged = JSON.parse(JSON.stringify(mergeOpenApi(sources).document)) as JsonObject
const SECTIONS = Object.keys(largeOpenApi(0, 1)['components'] as object)

/** A merged object with every name of one service as that service wrote it. */
function asWritten(value: unknown, name: string): unknown {
  if (typeof value === 'string') {
    const place = /^(#\/components\/\w+\/)(.*)$/.exec(value)
    const text = place === null ? value : place[2]!
    return text.startsWith(`${name}_`) ? `${place?.[1] ?? ''}${text.slice(name.length + 1)}` : value
  }
  if (Array.isArray(value)) return value.map((item) => asWritten(item, name))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.startsWith(`${name}_`) ? key.slice(name.length + 1) : key, asWritten(item, name)]),
  )
}

/** What the merge may spell out: a bare name of a discriminator, and what a document requires for all its operations. */
function spelledOut(value: unknown, security: unknown, kind = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => spelledOut(item, security))
  if (!isObject(value)) return value
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'mapping' && kind === 'discriminator'
        ? { ...(item as object), dog: '#/components/schemas/Dog' }
        : spelledOut(item, security, key),
    ]),
  )
  if ('responses' in copy && isObject(copy['responses']) && !('security' in copy)) copy['security'] = security
  return copy
}

test('three documents of more than 500 operations each merge without loss', () => {
  for (const { name, document } of sources) {
    const paths = ownObject(document, 'paths')!
    const operations = Object.values(paths).flatMap((item) =>
      Object.values(item as JsonObject).filter((value) => isObject(value) && 'responses' in value),
    )
    expect(operations.length).toBeGreaterThanOrEqual(500)
    const expected = spelledOut(document, document['security']) as JsonObject
    for (const [path, item] of Object.entries(expected['paths'] as object)) {
      const found = (merged['paths'] as JsonObject)[`/${name}${path}`]
      expect(asWritten(found, name), path).toEqual(item)
    }
    for (const section of SECTIONS) {
      const wanted = (expected['components'] as JsonObject)[section] as JsonObject
      const all = (merged['components'] as JsonObject)[section] as JsonObject
      for (const [key, value] of Object.entries(wanted)) {
        const given = section === 'securitySchemes' && !Object.hasOwn(all, `${name}_${key}`) ? key : `${name}_${key}`
        expect(Object.hasOwn(all, given), given).toBe(true)
        expect(asWritten(all[given], name), given).toEqual(value)
      }
    }
    expect(asWritten((merged['webhooks'] as JsonObject)[`${name}_happened`], name)).toEqual(
      (expected['webhooks'] as JsonObject)['happened'],
    )
    const tags = (merged['tags'] as JsonObject[]).filter((tag) => String(tag['name']).startsWith(`${name}_`))
    expect(tags.map((tag) => asWritten(tag, name))).toHaveLength((document['tags'] as []).length)
  }
  expect(Object.keys(merged['paths'] as object)).toHaveLength(3 * 72)
})

test('what comes out is valid, has no reference that leads nowhere, and no id twice', async () => {
  // The validator takes data that looks like a reference for one.
  const plain = JSON.stringify(merged)
    .replaceAll(/"\$ref":"(?:data|#\/nowhere|#\/components\/schemas\/Base)"/g, '"decoy":true')
    .replaceAll('"$ref":{', '"ref":{')
  const { errors } = await new Validator().validate(JSON.parse(plain) as Record<string, unknown>)
  expect(errors).toBeUndefined()
  const refs = refsOf(JSON.parse(plain)).filter((text) => text.startsWith('#/components'))
  expect(refs.length).toBeGreaterThan(10_000)
  for (const target of new Set(refs)) expect(resolvePointer(merged, target), target).toBeDefined()
  const ids: unknown[] = []
  JSON.stringify(merged, (key, value: unknown) => {
    if (isObject(value) && 'operationId' in value && 'responses' in value) ids.push(value['operationId'])
    return key === 'value' || key === 'example' ? undefined : value
  })
  expect(ids.length).toBeGreaterThan(1500)
  expect(new Set(ids).size).toBe(ids.length)
  const links: unknown[] = []
  JSON.stringify(merged, (key, value: unknown) => {
    if (key === 'again' && isObject(value)) links.push(value['operationId'])
    return value
  })
  for (const id of links) expect(ids).toContain(id)
})
