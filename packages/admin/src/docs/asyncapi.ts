/**
 * Draws the channels of the federated AsyncAPI document below the OpenAPI viewer. Everything a service wrote becomes text, never markup. A document
 * without channels leaves the section hidden.
 */
export const ASYNC_SCRIPT = `'use strict'
{
  const DEPTH = 8
  const place = document.getElementById('asyncapi')
  const isObject = (value) => typeof value === 'object' && value !== null
  const entries = (value) => (isObject(value) ? Object.entries(value) : [])
  const list = (value) => (Array.isArray(value) ? value : [])

  const make = (name, text, kind) => {
    const element = document.createElement(name)
    if (text !== undefined) element.textContent = text
    if (kind !== undefined) element.className = kind
    return element
  }
  const decode = (token) => {
    try {
      return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    } catch {
      return token
    }
  }
  const find = (root, ref) => {
    let current = root
    for (const token of ref.slice(2).split('/').map(decode)) {
      current = isObject(current) && Object.hasOwn(current, token) ? current[token] : undefined
    }
    return current
  }
  const resolve = (root, value) => {
    let current = value
    for (let steps = 0; steps < DEPTH && isObject(current) && typeof current.$ref === 'string' && current.$ref.startsWith('#/'); steps++) {
      current = find(root, current.$ref)
    }
    return isObject(current) ? current : {}
  }
  const words = (...texts) => texts.filter((text) => typeof text === 'string' && text !== '').join(': ')

  const message = (root, name, value) => {
    const found = resolve(root, value)
    const item = make('li')
    item.append(make('code', name), make('span', ' ' + words(found.title || found.name, found.summary || found.description)))
    for (const part of ['headers', 'payload']) {
      if (found[part] === undefined) continue
      const details = make('details')
      const schema = isObject(found[part]) ? resolve(root, found[part]) : found[part]
      details.append(make('summary', part), make('pre', JSON.stringify(schema, null, 2)))
      item.append(details)
    }
    return item
  }
  const operation = (id, value) => {
    // From the client: what the service receives the client sends.
    const way = value.action === 'receive' ? 'you send' : 'you receive'
    const item = make('p', undefined, 'async-operation')
    const names = list(value.messages).map((one) => decode(String(isObject(one) ? one.$ref : '').split('/').pop()))
    item.append(make('b', way), make('span', ' ' + words(names.join(', ') || 'any message', value.summary || value.description)), make('code', id))
    return item
  }
  const channel = (root, id, value, operations) => {
    const found = resolve(root, value)
    const box = make('details', undefined, 'async-channel')
    const head = make('summary')
    head.append(make('code', typeof found.address === 'string' ? found.address : id), make('span', ' ' + words(found.title, found.summary)))
    box.append(head)
    if (typeof found.description === 'string') box.append(make('p', found.description))
    const parameters = entries(found.parameters)
    if (parameters.length > 0) {
      const rows = make('ul')
      for (const [name, one] of parameters) {
        const row = make('li')
        row.append(make('code', name), make('span', ' ' + words(resolve(root, one).description)))
        rows.append(row)
      }
      box.append(make('h4', 'Parameters'), rows)
    }
    for (const [name, one] of operations) box.append(operation(name, one))
    const messages = entries(found.messages)
    if (messages.length > 0) {
      const rows = make('ul')
      for (const [name, one] of messages) rows.append(message(root, name, one))
      box.append(make('h4', 'Messages'), rows)
    }
    return box
  }
  const draw = (root) => {
    const channels = entries(root.channels)
    if (channels.length === 0) return
    const byChannel = new Map()
    for (const [name, value] of entries(root.operations)) {
      const found = resolve(root, value)
      const ref = isObject(found.channel) ? String(found.channel.$ref) : ''
      const id = decode(ref.split('/').pop())
      byChannel.set(id, [...(byChannel.get(id) || []), [name, found]])
    }
    for (const [id, value] of channels) place.append(channel(root, id, value, byChannel.get(id) || []))
    place.hidden = false
  }
  const fail = () => {
    place.append(make('p', 'asyncapi.json could not be read.'))
    place.hidden = false
  }
  window.asyncapi = fetch('asyncapi.json', { credentials: 'same-origin' })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error('no answer'))))
    .then(draw)
    .catch(fail)
}
`

/** The look of the channels: that of the viewer above them. */
export const ASYNC_STYLE = `.async { max-width: 1460px; margin: 0 auto; padding: 0 20px 40px; box-sizing: border-box; font-family: sans-serif; color: #3b4151; }
.async-channel { margin: 0 0 10px; padding: 8px 14px; border: 1px solid #61affe; border-radius: 4px; background: #f3f8fe; }
.async-channel > summary { cursor: pointer; }
.async code { font-weight: 600; overflow-wrap: anywhere; }
.async-operation code { margin-left: 8px; font-weight: 400; color: #6b7280; }
.async pre { overflow: auto; max-height: 400px; padding: 10px; border-radius: 4px; background: #1f2430; color: #f5f7fa; }
`
