import type { KeyValueStore, StoreEntry } from '../store/store.ts'

/** A store to check, empty at first. */
export interface OpenedStore {
  readonly store: KeyValueStore
  /** Another way to the same entries: of another process, or the same once more where there is no other. */
  readonly other: KeyValueStore
  close(): Promise<void>
}

/** One thing that every store does. */
export interface StoreCheck {
  readonly name: string
  /** Rejects when the store does not do it. */
  run(open: () => Promise<OpenedStore>): Promise<void>
}

/**
 * What a `KeyValueStore` has to do, for any test framework.
 *
 * @example
 * for (const { name, run } of storeChecks) test(name, () => run(openMyStore))
 */
export const storeChecks: readonly StoreCheck[] = [
  check('what was set is there, for others as well', async ({ store, other }) => {
    equal(await store.get('a'), undefined)
    await store.set('a', '1')
    equal(await store.get('a'), '1')
    equal(await other.get('a'), '1')
    await other.set('a', '2')
    equal(await store.get('a'), '2')
  }),
  check('delete says whether there was something', async ({ store, other }) => {
    equal(await store.delete('a'), false)
    await store.set('a', '1')
    equal(await other.delete('a'), true)
    equal(await store.get('a'), undefined)
    equal(await store.delete('a'), false)
  }),
  check('keys and values are any text', async ({ store, other }) => {
    const texts = ['__proto__', 'constructor', '../../etc/passwd', 'a/b', 'A/B', 'a\\b', ' ', '.', 'ä€😀', 'a\nb', '%2e', 'x'.repeat(1024)]
    for (const text of texts) await store.set(text, `${text}\u2028"`)
    for (const text of texts) equal(await other.get(text), `${text}\u2028"`)
    equal((await other.list('')).length, texts.length)
    await store.set('empty', '')
    equal(await other.get('empty'), '')
  }),
  check('what is too large is refused and changes nothing', async ({ store }) => {
    await store.set('a', '1')
    await refused(() => store.set('', 'x'))
    await refused(() => store.set('k'.repeat(1025), 'x'))
    await refused(() => store.set('a', '€'.repeat(6_000_000)))
    equal(await store.list(''), [{ key: 'a', value: '1' }])
    const large = 'x'.repeat(3 * 1024 * 1024)
    await store.set('a', large)
    equal((await store.get('a'))?.length, large.length)
  }),
  check('a list is all of a prefix, in order', async ({ store, other }) => {
    for (const key of ['p/b', 'p/a', 'p/B', 'q/a', 'p']) await store.set(key, key.toUpperCase())
    equal(await other.list('p/'), [entry('p/B'), entry('p/a'), entry('p/b')])
    equal(
      (await other.list('')).map(({ key }) => key),
      ['p', 'p/B', 'p/a', 'p/b', 'q/a'],
    )
    equal(await other.list('nothing'), [])
  }),
  check('an entry goes when its time is over', async ({ store, other }) => {
    const before = Date.now()
    await store.set('short', '1', { ttl: 400 })
    await store.set('long', '1', { ttl: 60_000 })
    await store.set('kept', '1', { ttl: 400 })
    await store.set('kept', '2')
    const seen = await other.get('short')
    if (Date.now() - before < 400) equal(seen, '1')
    await eventually(async () => (await other.get('short')) === undefined)
    if (Date.now() - before < 400) throw new Error('the entry went before its time')
    equal(await store.list(''), [
      { key: 'kept', value: '2' },
      { key: 'long', value: '1' },
    ])
    equal(await store.delete('short'), false)
  }),
  check('a watcher sees the list at once, and every change, whoever made it', async ({ store, other }) => {
    await store.set('p/a', '1')
    const watch = watching(store, 'p/')
    await watch.until([{ key: 'p/a', value: '1' }])
    await store.set('p/a', '2')
    await watch.until([{ key: 'p/a', value: '2' }])
    await other.set('p/b', '1')
    await watch.until([
      { key: 'p/a', value: '2' },
      { key: 'p/b', value: '1' },
    ])
    await other.delete('p/a')
    await watch.until([{ key: 'p/b', value: '1' }])
    await other.set('p/b', '2', { ttl: 100 })
    await watch.until([])
    await watch.stop()
  }),
  check('a watcher is not told what did not change', async ({ store }) => {
    const watch = watching(store, 'p/')
    await watch.until([])
    await store.set('q/a', '1')
    await store.set('p/a', '1')
    await watch.until([{ key: 'p/a', value: '1' }])
    await store.set('p/a', '1')
    await store.set('p/b', '1')
    await watch.until([
      { key: 'p/a', value: '1' },
      { key: 'p/b', value: '1' },
    ])
    equal(watch.seen.length, 3)
    await watch.stop()
  }),
  check('a watch ends with its signal', async ({ store }) => {
    const watch = watching(store, '')
    await watch.until([])
    await watch.stop()
    const aborted = watching(store, '')
    await aborted.stop()
  }),
  check('of many writers at once none loses an entry, and one key has one whole value', async ({ store, other }) => {
    const writers = Array.from({ length: 20 }, async (_, n) => {
      const through = n % 2 === 0 ? store : other
      await through.set(`own/${String(n).padStart(2, '0')}`, String(n))
      await through.set('shared', String(n % 10).repeat(10_000))
    })
    await Promise.all(writers)
    equal((await store.list('own/')).length, 20)
    const shared = (await store.get('shared')) ?? ''
    equal(shared, shared.slice(0, 1).repeat(10_000))
  }),
]

function check(name: string, body: (opened: OpenedStore) => Promise<void>): StoreCheck {
  return {
    name,
    async run(open) {
      const opened = await open()
      try {
        await body(opened)
      } finally {
        await opened.close()
      }
    },
  }
}

function entry(key: string): StoreEntry {
  return { key, value: key.toUpperCase() }
}

function equal(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return
  throw new Error(`expected ${short(expected)}, but there is ${short(actual)}`)
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 300)
}

async function refused(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    if (thrown instanceof RangeError) return
    throw thrown
  }
  throw new Error('expected a RangeError')
}

const PATIENCE_MS = 10_000

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

interface Watching {
  readonly seen: readonly (readonly StoreEntry[])[]
  until(expected: readonly StoreEntry[]): Promise<void>
  stop(): Promise<void>
}

function watching(store: KeyValueStore, prefix: string): Watching {
  const controller = new AbortController()
  const seen: (readonly StoreEntry[])[] = []
  const ended = (async () => {
    for await (const entries of store.watch(prefix, controller.signal)) seen.push(entries)
  })()
  // Whoever calls `stop` is told of a failure; it must not end the process before.
  ended.catch(() => {})
  return {
    seen,
    async until(expected) {
      const wanted = JSON.stringify(expected)
      try {
        await eventually(() => Promise.resolve(JSON.stringify(seen.at(-1)) === wanted))
      } catch {
        throw new Error(`the watcher was to see ${wanted}, but saw ${short(seen)}`)
      }
    },
    async stop() {
      controller.abort()
      let timer: ReturnType<typeof setTimeout> | undefined
      const timeout = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('the watch did not end with its signal')), PATIENCE_MS)
      })
      await Promise.race([ended, timeout]).finally(() => clearTimeout(timer))
    },
  }
}
