import { farp } from '@octopus-gateway/farp-service'

// A service that nobody keeps alive: it shows its manifest and its hash, registers in vain, and ends.
const openapi = { openapi: '3.1.0', info: { title: 'A & B <v1>', version: '1' }, paths: { '/a': { get: {} } } }
const service = farp({ name: 'orders', version: 'v1', instance_id: 'orders-1', address: '127.0.0.1:8080', openapi })
service.register({ gateway: process.argv[2] })
const answer = await service.fetch(new Request('http://127.0.0.1:8080/_farp/manifest'))
console.log(JSON.stringify(await answer.json()))
