import { isTypeSystemDefinitionNode, isTypeSystemExtensionNode, Lexer, parse, Source, TokenKind } from 'graphql'
import { messageOf } from '../../text.ts'
import { SchemaError } from '../../schemas/parse.ts'
import type { Limits } from '../../limits.ts'

/** Tokens of one document: the largest public schemas have a third of that. */
const MOST_TOKENS = 500_000

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.PAREN_L, TokenKind.BRACKET_L])
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.PAREN_R, TokenKind.BRACKET_R])

/**
 * Checks that a text is GraphQL schema language, as far as its grammar goes: directives and types that it only refers to are a matter of the federation
 * it may be part of. Throws `SchemaError`.
 */
export function checkSdl(sdl: string, limits: Pick<Limits, 'depth'>): void {
  // The parser recurses as deep as the brackets go, so they are counted first.
  checkTokens(sdl, limits)
  const document = tried(() => parse(sdl, { noLocation: true, maxTokens: MOST_TOKENS }))
  const other = document.definitions.find((definition) => !isTypeSystemDefinitionNode(definition) && !isTypeSystemExtensionNode(definition))
  if (other !== undefined) throw new SchemaError('it contains an operation or a fragment; a schema has definitions only')
}

function checkTokens(sdl: string, { depth: most }: Pick<Limits, 'depth'>): void {
  const lexer = new Lexer(new Source(sdl))
  let depth = 0
  for (let count = 0; tried(() => lexer.advance()).kind !== TokenKind.EOF; count++) {
    if (count === MOST_TOKENS) throw new SchemaError(`it has more than ${MOST_TOKENS} tokens`)
    const { kind } = lexer.token
    if (OPENING.has(kind)) depth++
    else if (CLOSING.has(kind)) depth--
    if (depth > most) throw new SchemaError(`it is nested more than ${most} levels deep`)
  }
}

function tried<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw new SchemaError(`it is not GraphQL schema language: ${messageOf(thrown)}`)
  }
}
