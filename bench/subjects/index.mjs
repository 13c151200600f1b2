import { caddy } from './caddy.mjs'
import { haproxy } from './haproxy.mjs'
import { nginx } from './nginx.mjs'
import { npmPeers } from './npm-peers.mjs'
import { octopuses } from './octopus.mjs'

/** Everything that can be measured, by name. */
export const SUBJECTS = new Map([...octopuses, nginx, haproxy, caddy, ...npmPeers].map((one) => [one.name, one]))
