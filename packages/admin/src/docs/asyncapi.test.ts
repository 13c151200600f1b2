import { expect, test } from 'vitest'
import { ASYNC_SCRIPT } from './asyncapi.ts'

/** As much of an element as the script uses. Markup could only come in through members that it does not have. */
class Element {
  textContent = ''
  className = ''
  hidden = true
  readonly name: string
  readonly children: Element[] = []

  constructor(name: string) {
    this.name = name
  }

  append(...children: Element[]): void {
    this.children.push(...children)
  }

  /** What a reader sees. */
  get text(): string {
    return [this.textContent, ...this.children.map((child) => child.text)].filter((part) => part !== '').join('|')
  }

  named(name: string): Element[] {
    return [...(this.name === name ? [this] : []), ...this.children.flatMap((child) => child.named(name))]
  }
}

async function draw(answer: unknown, ok = true): Promise<Element> {
  const section = new Element('section')
  const window: { asyncapi?: Promise<void> } = {}
  const page = { getElementById: () => section, createElement: (name: string) => new Element(name) }
  const fetch = async (address: string): Promise<unknown> => {
    expect(address).toBe('asyncapi.json')
    return { ok, json: async () => answer }
  }
  new Function('document', 'window', 'fetch', ASYNC_SCRIPT)(page, window, fetch)
  await window.asyncapi
  return section
}

test('channels with what goes over them, seen from the client', async () => {
  const section = await draw({
    asyncapi: '3.0.0',
    channels: {
      'chat./rooms/{id}': {
        address: '/chat/rooms/{id}',
        description: 'A room.',
        parameters: { id: { $ref: '#/components/parameters/chat_Id' } },
        messages: { said: { $ref: '#/components/messages/chat_Said' } },
      },
    },
    operations: {
      chat_say: {
        action: 'receive',
        channel: { $ref: '#/channels/chat.~1rooms~1%7Bid%7D' },
        messages: [{ $ref: '#/channels/chat.~1rooms~1%7Bid%7D/messages/said' }],
      },
      chat_hear: { action: 'send', channel: { $ref: '#/channels/chat.~1rooms~1%7Bid%7D' } },
    },
    components: {
      parameters: { chat_Id: { description: 'which' } },
      messages: { chat_Said: { title: 'Said', payload: { $ref: '#/components/schemas/chat_Text' } } },
      schemas: { chat_Text: { type: 'string', $comment: '<b>' } },
    },
  })
  expect(section.hidden).toBe(false)
  const { text } = section
  for (const part of [
    '/chat/rooms/{id}',
    'A room.',
    'id| which',
    'you send| said|chat_say',
    'you receive| any message|chat_hear',
    'said| Said',
  ])
    expect(text).toContain(part)
  expect(section.named('pre')[0]!.textContent).toBe(JSON.stringify({ type: 'string', $comment: '<b>' }, null, 2))
})

test('nothing is shown where there are no channels; a failure is said', async () => {
  expect((await draw({ asyncapi: '3.0.0', channels: {}, operations: {} })).hidden).toBe(true)
  const failed = await draw(undefined, false)
  expect([failed.hidden, failed.text]).toEqual([false, 'asyncapi.json could not be read.'])
})

test('[R38] odd documents and references that lead nowhere or round in circles do no harm', async () => {
  const loop = { $ref: '#/components/messages/a' }
  const odd = JSON.parse(
    '{"channels":{"__proto__":{"messages":{"constructor":{"$ref":"#/__proto__"}},"parameters":3},"b":null},"operations":[1]}',
  ) as object
  const section = await draw({ ...odd, components: { messages: { a: loop } } })
  expect(section.named('details')).toHaveLength(2)
  expect((await draw({ channels: { c: { messages: { m: loop, n: { $ref: '#/%zz' } } } } })).text).toContain('m')
})
