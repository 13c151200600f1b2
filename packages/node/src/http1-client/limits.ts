/** Bytes of a response head, and of the trailer fields behind a body. */
export const HEAD_BYTES = 16 * 1024
/** Fields of a head or a trailer section. */
export const FIELDS = 500
/** Interim heads before the final one. */
export const INTERIM_HEADS = 100
/** Bytes of the line before a chunk, extensions included. */
export const CHUNK_LINE_BYTES = 1024
/** What is kept of a body while nobody reads it; beyond it the upstream is paused. */
export const KEPT_BYTES = 64 * 1024
/** Connections of one origin that are kept while nothing is sent on them. */
export const IDLE_CONNECTIONS = 512
/** How long an idle connection is kept when the server does not say: most servers close after 5 s or more, and the one who closes first wins. */
export const IDLE_MS = 4_000
/** How much earlier than the server says a connection is given up. */
export const IDLE_MARGIN_MS = 1_000
/** The longest that a server's `Keep-Alive: timeout` is believed. */
export const IDLE_MAX_MS = 600_000
