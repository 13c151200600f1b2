import { expect, test } from 'vitest'
import { pushedPaths } from './push-links.ts'

test.each([
  ['</a.css>; rel=preload', ['/a.css']],
  ['</a.css>; rel="preload prefetch"; as=style', ['/a.css']],
  ['</a.css>; rel=preload, </b.js>; as=script; rel=preload', ['/a.css', '/b.js']],
  [
    ['</a>; rel=preload', '</a>; rel=preload', '</b?x=1,2>; rel=preload'],
    ['/a', '/b?x=1,2'],
  ],
  ['</a.css>; rel=preload; nopush', []],
  ['</a.css>; NoPush; REL=Preload', []],
  ['</a.css>; rel=stylesheet', []],
  ['</a.css>; title="rel=preload"', []],
  ['<a.css>; rel=preload', []],
  ['<https://other.example/a.css>; rel=preload', []],
  ['<//other.example/a.css>; rel=preload', []],
  ['</\\other.example/a.css>; rel=preload', []],
  ['</a.css#part>; rel=preload', []],
  ['/a.css; rel=preload', []],
  [undefined, []],
])('%j', (link, paths) => expect(pushedPaths(link)).toEqual(paths))

test('ten at the most', () => {
  const links = Array.from({ length: 12 }, (_, index) => `</${index}>; rel=preload`)
  expect(pushedPaths(links.join(', '))).toEqual(Array.from({ length: 10 }, (_, index) => `/${index}`))
})

test('what is made to be read in many ways is read in no time', () => {
  const hostile = `</a>${'; a= \t '.repeat(5_000)}"`
  const startedAt = performance.now()
  expect(pushedPaths(hostile)).toEqual([])
  expect(performance.now() - startedAt).toBeLessThan(3000)
})
