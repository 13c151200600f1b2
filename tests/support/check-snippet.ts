import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '@octopus-gateway/config'
import { ConfigError, formatIssue } from '@octopus-gateway/core'
import { testCertificates } from '@octopus-gateway/testing'
import ts from 'typescript'
import { assertBuilt } from '../../scripts/lib/build.mjs'
import { root } from './process.ts'
import { commandsOf, type Snippet } from './snippets.ts'

const folder = join(root, '.cache/snippets')
const BCRYPT = `$2b$12$${'a'.repeat(53)}`
const SMALLEST = 'discovery: { backend: static, static: { services: [] } }\n'
