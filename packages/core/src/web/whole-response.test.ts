import { describe, expect, it } from 'vitest'
import { HeaderList } from '../headers.ts'
import { wholeBody, wholeResponse } from './whole-response.ts'

const bytes = new TextEncoder().encode('{"a":1}')
const make = (): Response =>
  wholeResponse(bytes, {
    status: 201,
    headers: new HeaderList(['content-type', 'application/json', 'set-cookie', 'a=1', 'set-cookie', 'b=2']),
  })

describe('a response whose bytes are all here', () => {
  it('is a Response with the head it was given, and its fields can be changed', () => {
    const response = make()
    expect(response).toBeInstanceOf(Response)
    expect(response.status).toBe(201)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    response.headers.set('x-more', '1')
    expect(response.headers.get('x-more')).toBe('1')
    expect(wholeBody(response)).toBe(bytes)
  })

  it.each([
    ['text', (response: Response) => response.text(), '{"a":1}'],
    ['json', (response: Response) => response.json(), { a: 1 }],
    ['arrayBuffer', async (response: Response) => new TextDecoder().decode(await response.arrayBuffer()), '{"a":1}'],
    ['blob', async (response: Response) => (await response.blob()).type, 'application/json'],
    ['body', (response: Response) => new Response(response.body).text(), '{"a":1}'],
    ['new Response', (response: Response) => new Response(response.body, response).text(), '{"a":1}'],
    ['clone', (response: Response) => response.clone().text(), '{"a":1}'],
  ])('gives its body to who reads it by %s, and is no longer passed on as bytes', async (_name, read, expected) => {
    const response = make()
    expect(await read(response)).toEqual(expected)
    expect(wholeBody(response)).toBeUndefined()
  })

  it('knows when its body has been used', async () => {
    const response = make()
    expect(response.bodyUsed).toBe(false)
    await response.text()
    expect(response.bodyUsed).toBe(true)
    await expect(response.text()).rejects.toThrow()
  })

  it('keeps its own body readable after a clone was read', async () => {
    const response = make()
    const copy = response.clone()
    expect(copy.status).toBe(201)
    expect(await copy.text()).toBe('{"a":1}')
    expect(await response.text()).toBe('{"a":1}')
  })
})
