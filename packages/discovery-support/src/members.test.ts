import { expect, test } from 'vitest'
import { Members } from './members.ts'
import { Outage, Refusal } from './outage.ts'

function asking(answers: Readonly<Record<string, Error | string>>, asked: string[]): (member: string) => Promise<string> {
  return async (member) => {
    asked.push(member)
    const answer = answers[member]!
    if (answer instanceof Error) throw answer
    return answer
  }
}

test('the one that answered last is asked first, the others after it', async () => {
  const members = new Members(['a', 'b', 'c'])
  const asked: string[] = []
  expect(await members.ask(asking({ a: new Outage('a is down.'), b: 'from b' }, asked))).toBe('from b')
  expect(await members.ask(asking({ b: new Outage('b is down.'), c: new Outage('c is down.'), a: 'from a' }, asked))).toBe('from a')
  expect([asked, members.current]).toEqual([['a', 'b', 'b', 'c', 'a'], 'a'])
  members.turn()
  expect(members.current).toBe('b')
})

test('that none answers is one sentence of each; alone, a member says its own', async () => {
  const down = { a: new Outage('a is down.'), b: new Outage('b is down.') }
  await expect(new Members(['a', 'b']).ask(asking(down, []))).rejects.toThrow('None of the 2 servers can be asked: a is down. b is down.')
  await expect(new Members(['a']).ask(asking(down, []))).rejects.toBe(down.a)
})

test('what the others would answer with alike, and what is no outage, ends the asking', async () => {
  for (const thrown of [new Refusal('no.'), new TypeError('a defect')]) {
    const asked: string[] = []
    await expect(new Members(['a', 'b']).ask(asking({ a: thrown, b: 'fine' }, asked))).rejects.toBe(thrown)
    expect(asked).toEqual(['a'])
  }
})
