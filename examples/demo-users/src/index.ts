import { createServer, type IncomingMessage } from 'node:http'

// A service on plain node:http. All it does for the gateway is to answer two paths: its manifest and its OpenAPI document.
const port = Number(process.env['PORT'] ?? 8081)
const origin = `http://127.0.0.1:${port}`

interface Profile {
  id: string
  name: string
  email: string
  team: string
}

const teams = new Map([
  ['roastery', { id: 'roastery', name: 'Roastery' }],
  ['shop', { id: 'shop', name: 'Shop' }],
])
const profiles = new Map<string, Profile>([
  ['ada', { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', team: 'roastery' }],
  ['grace', { id: 'grace', name: 'Grace Hopper', email: 'grace@example.com', team: 'shop' }],
])

// The smallest manifest a gateway accepts: who is this, where is the document, where is the health check.
const manifest = {
  version: '1.0.0',
  service_name: 'users',
  service_version: 'v1.2.0',
  schemas: [{ type: 'openapi', spec_version: '3.1.0', location: { type: 'http', url: `${origin}/openapi.json` } }],
  capabilities: ['rest'],
  endpoints: { health: '/health' },
}

const json = (schema: string) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } })
const openapi = {
  openapi: '3.1.0',
  info: { title: 'Users', version: '1.2.0', description: 'The people of the coffee shop and their teams.' },
  servers: [{ url: '/' }],
  security: [],
  tags: [
    { name: 'profiles', description: 'People' },
    { name: 'teams', description: 'Groups of people' },
  ],
  paths: {
    '/profiles': {
      get: {
        operationId: 'listProfiles',
        tags: ['profiles'],
        summary: 'All profiles, or those of one team',
        parameters: [{ name: 'team', in: 'query', schema: { type: 'string' } }],
        responses: { 200: { description: 'The profiles', content: json('ProfileList') } },
      },
      post: {
        operationId: 'createProfile',
        tags: ['profiles'],
        summary: 'Add a profile',
        requestBody: { required: true, content: json('Profile') },
        responses: { 201: { description: 'The new profile', content: json('Profile') }, 422: { $ref: '#/components/responses/Invalid' } },
      },
    },
    '/profiles/{id}': {
      parameters: [{ $ref: '#/components/parameters/ProfileId' }],
      get: {
        operationId: 'getProfile',
        tags: ['profiles'],
        summary: 'One profile',
        responses: { 200: { description: 'The profile', content: json('Profile') }, 404: { $ref: '#/components/responses/NotFound' } },
      },
      delete: {
        operationId: 'deleteProfile',
        tags: ['profiles'],
        summary: 'Remove a profile',
        responses: { 204: { description: 'It is gone' }, 404: { $ref: '#/components/responses/NotFound' } },
      },
    },
    '/teams': {
      get: {
        operationId: 'listTeams',
        tags: ['teams'],
        summary: 'All teams',
        responses: { 200: { description: 'The teams', content: json('TeamList') } },
      },
    },
  },
  components: {
    parameters: { ProfileId: { name: 'id', in: 'path', required: true, schema: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' } } },
    responses: {
      NotFound: { description: 'No such profile', content: json('Error') },
      Invalid: { description: 'The body is not a profile', content: json('Error') },
    },
    schemas: {
      Profile: {
        type: 'object',
        required: ['id', 'name', 'email', 'team'],
        properties: {
          id: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
          name: { type: 'string', minLength: 1 },
          email: { type: 'string', format: 'email' },
          team: { type: 'string' },
        },
      },
      ProfileList: { type: 'array', items: { $ref: '#/components/schemas/Profile' } },
      Team: { type: 'object', required: ['id', 'name'], properties: { id: { type: 'string' }, name: { type: 'string' } } },
      TeamList: { type: 'array', items: { $ref: '#/components/schemas/Team' } },
      Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
    },
  },
}

interface Answer {
  status: number
  body?: unknown
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > 10_000) throw new Error('The body is larger than 10 kB.')
  }
  return JSON.parse(text)
}

function toProfile(body: unknown): Profile | string {
  const { id, name, email, team } = Object(body) as Record<string, unknown>
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,40}$/.test(id)) return 'id must be 1 to 40 lower-case letters, digits and dashes.'
  if (typeof name !== 'string' || name === '') return 'name must not be empty.'
  if (typeof email !== 'string' || !email.includes('@')) return 'email must be an address.'
  if (typeof team !== 'string' || !teams.has(team)) return `team must be one of ${[...teams.keys()].join(', ')}.`
  return { id, name, email, team }
}

async function create(request: IncomingMessage): Promise<Answer> {
  const profile = toProfile(await readJson(request).catch((error: Error) => error.message))
  if (typeof profile === 'string') return { status: 422, body: { error: profile } }
  profiles.set(profile.id, profile)
  return { status: 201, body: profile }
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', origin)
  const id = /^\/profiles\/([^/]+)$/.exec(url.pathname)?.[1]
  const team = url.searchParams.get('team')
  if (request.method === 'POST' && url.pathname === '/profiles') return create(request)
  if (request.method === 'DELETE' && id !== undefined && profiles.delete(id)) return { status: 204 }
  if (request.method !== 'GET') return { status: 404, body: { error: 'There is nothing here.' } }
  if (url.pathname === '/_farp/manifest') return { status: 200, body: manifest }
  if (url.pathname === '/openapi.json') return { status: 200, body: openapi }
  if (url.pathname === '/health') return { status: 200, body: { status: 'ok' } }
  if (url.pathname === '/teams') return { status: 200, body: [...teams.values()] }
  if (url.pathname === '/profiles') return { status: 200, body: [...profiles.values()].filter((one) => team === null || one.team === team) }
  const profile = id === undefined ? undefined : profiles.get(id)
  return profile === undefined ? { status: 404, body: { error: 'There is no such profile.' } } : { status: 200, body: profile }
}

createServer(async (request, response) => {
  const { status, body } = await answer(request)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}).listen(port, '127.0.0.1', () => console.log(`users on ${origin}`))
