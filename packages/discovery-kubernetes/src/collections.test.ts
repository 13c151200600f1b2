import { Catalog } from './catalog/catalog.ts'
import { collectionsOf } from './collections.ts'
import { expect, test } from 'vitest'
import { kubernetesOptions } from './options.ts'
import { silentLogger } from '@octopus-gateway/core'
import { parse } from 'valibot'

const catalog = new Catalog({ portName: undefined, includeNotReady: false, isQualified: false }, () => {})
const watched = (namespace: string | undefined): unknown[] =>
  collectionsOf(namespace, parse(kubernetesOptions, { labelSelector: 'team=a' }), catalog, silentLogger).map(
    ({ path, labelSelector, metadataOnly, forbidden }) => [path, labelSelector, metadataOnly === true, forbidden !== undefined],
  )

test('pods are asked for their metadata alone, and can be done without; the selector is for Services', () => {
  expect(watched('shop')).toEqual([
    ['/api/v1/namespaces/shop/services', 'team=a', false, false],
    ['/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices', 'kubernetes.io/service-name', false, false],
    ['/api/v1/namespaces/shop/pods', undefined, true, true],
  ])
})

test('without a namespace, those of all', () => {
  expect(watched(undefined)).toEqual([
    ['/api/v1/services', 'team=a', false, false],
    ['/apis/discovery.k8s.io/v1/endpointslices', 'kubernetes.io/service-name', false, false],
    ['/api/v1/pods', undefined, true, true],
  ])
})
