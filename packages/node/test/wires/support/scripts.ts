/** What a client must make of the bytes of a response. */
export interface Script {
  readonly title: string
  /** latin1. */
  readonly bytes: string
  readonly method?: string
  /** Whether the server closes behind the bytes. */
  readonly closes?: boolean
  readonly expected: Expected
  /** Where a wire rightly gives something else, by its name, with the reason. */
  readonly differs?: Readonly<Record<string, { readonly expected: Expected; readonly because: string }>>
}

/** A whole answer. */
interface Answer {
  readonly status: number
  readonly body: string
  readonly trailers?: readonly string[]
  readonly interim?: readonly number[]
  /** Whether the connection carries another exchange. */
  readonly reused: boolean
}

/** A whole answer, the code of the failure, or `null` where it depends on how packets and events fall. */
export type Expected = Answer | { readonly error: 'UPSTREAM_PROTOCOL' | 'UPSTREAM_RESET' } | null

const kept = (status: number, body: string): Answer => ({ status, body, reused: true })
const last = (status: number, body: string): Answer => ({ status, body, reused: false })
const refused: Expected = { error: 'UPSTREAM_PROTOCOL' }
const cut: Expected = { error: 'UPSTREAM_RESET' }
const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const undici = (expected: Expected, because: string): NonNullable<Script['differs']> => ({ undici: { expected, because } })
const LOOSER = 'llhttp lets it pass; the gateway does not'

/** Whole answers. */
export const GOOD: readonly Script[] = [
  { title: 'a length', bytes: `${OK}Content-Length: 5\r\n\r\nhello`, expected: kept(200, 'hello') },
  { title: 'no content', bytes: `${OK}Content-Length: 0\r\n\r\n`, expected: kept(200, '') },
  { title: 'no reason and its space', bytes: 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', expected: kept(200, 'ok') },
  { title: 'no reason and no space', bytes: 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', expected: kept(200, 'ok') },
  { title: 'a reason in latin1', bytes: 'HTTP/1.1 404 Pas trouv\u00e9\r\nContent-Length: 2\r\n\r\nok', expected: kept(404, 'ok') },
  { title: 'a chunk', bytes: `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`, expected: kept(200, 'hello') },
  { title: 'chunks', bytes: `${CHUNKED}1\r\na\r\n00002\r\nbc\r\nA\r\n0123456789\r\n0\r\n\r\n`, expected: kept(200, 'abc0123456789') },
  { title: 'no chunk but the last', bytes: `${CHUNKED}0\r\n\r\n`, expected: kept(200, '') },
  { title: 'zeros as the last chunk', bytes: `${CHUNKED}1\r\nx\r\n000\r\n\r\n`, expected: kept(200, 'x') },
  {
    title: 'sizes in both letter cases',
    bytes: `${CHUNKED}a\r\n0123456789\r\nB\r\n01234567890\r\n0\r\n\r\n`,
    expected: kept(200, '012345678901234567890'),
  },
  { title: 'chunk extensions', bytes: `${CHUNKED}2;a;b=c;d="e \\" f"\r\nok\r\n0;last=1\r\n\r\n`, expected: kept(200, 'ok') },
  {
    title: 'trailers',
    bytes: `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\nx-two:  2 \r\n\r\n`,
    expected: { ...kept(200, 'ok'), trailers: ['X-Sum', '1', 'x-two', '2'] },
  },
  {
    title: 'trailers behind no data',
    bytes: `${CHUNKED}0\r\ngrpc-status: 0\r\n\r\n`,
    expected: { ...kept(200, ''), trailers: ['grpc-status', '0'] },
  },
  {
    title: 'Chunked in another letter case',
    bytes: `${OK}TRANSFER-encoding:  Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    expected: kept(200, 'ok'),
  },
  { title: 'the close of the connection', bytes: `${OK}\r\nto the end`, closes: true, expected: last(200, 'to the end') },
  { title: 'the close, no content', bytes: `${OK}\r\n`, closes: true, expected: last(200, '') },
  { title: 'Connection: close and a length', bytes: `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok`, expected: last(200, 'ok') },
  { title: 'Connection: a list with close', bytes: `${OK}Connection: x, Close\r\nContent-Length: 2\r\n\r\nok`, expected: last(200, 'ok') },
  { title: 'HTTP/1.0, a length', bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', expected: last(200, 'ok') },
  { title: 'HTTP/1.0, the close', bytes: 'HTTP/1.0 200 OK\r\n\r\nok', closes: true, expected: last(200, 'ok') },
  {
    title: 'HTTP/1.0 with keep-alive',
    bytes: 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok',
    expected: kept(200, 'ok'),
  },
  {
    title: 'the answer to HEAD with a length',
    method: 'HEAD',
    bytes: `${OK}Content-Length: 50\r\n\r\n`,
    expected: kept(200, ''),
    differs: undici(last(200, ''), 'undici closes a connection behind HEAD'),
  },
  {
    title: 'the answer to HEAD with chunks',
    method: 'HEAD',
    bytes: CHUNKED,
    expected: kept(200, ''),
    differs: undici(last(200, ''), 'undici closes a connection behind HEAD'),
  },
  {
    title: 'the answer to HEAD without either',
    method: 'HEAD',
    bytes: `${OK}\r\n`,
    expected: kept(200, ''),
    differs: undici(last(200, ''), 'undici closes a connection behind HEAD'),
  },
  { title: '204', bytes: 'HTTP/1.1 204 No Content\r\n\r\n', expected: kept(204, '') },
  { title: '204 with a length of 0', bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', expected: kept(204, '') },
  {
    title: '304 with a length',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\nETag: "x"\r\n\r\n',
    expected: kept(304, ''),
    differs: undici(refused, 'undici waits for the body whose length a 304 or 204 tells'),
  },
  { title: '304 with chunks', bytes: 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', expected: kept(304, '') },
  { title: '205 with a length of 0', bytes: 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', expected: kept(205, '') },
  {
    title: '100 first',
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    expected: kept(200, 'ok'),
    differs: undici(cut, 'undici gives a connection up that sends 100 unasked'),
  },
  {
    title: '103 first',
    bytes: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    expected: { ...kept(200, 'ok'), interim: [103] },
  },
  {
    title: '102, 103, 103 first',
    bytes: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n`,
    expected: { ...kept(204, ''), interim: [103, 103] },
  },
  {
    title: 'fields of every form',
    bytes: `${OK}Content-Length: 2\r\nX-Empty:\r\nX-Blank:  \t \r\nX-Latin: \u00e9\u00ff\r\nX~!#$%&'*+-.^_\`|: "a" \t b\r\n\r\nok`,
    expected: kept(200, 'ok'),
  },
  { title: 'a length with leading zeros and blanks', bytes: `${OK}Content-Length: \t0002  \r\n\r\nok`, expected: kept(200, 'ok') },
  { title: 'binary data', bytes: `${OK}Content-Length: 6\r\n\r\n\0\r\n\r\n\u00ff`, expected: kept(200, '\0\r\n\r\n\u00ff') },
  { title: 'a status nobody knows', bytes: 'HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n', expected: kept(299, '') },
]

/** Answers that are whole and whose connection can carry nothing more. */
export const GOOD_THEN_DOUBTFUL: readonly Script[] = [
  {
    title: 'bytes behind a length',
    bytes: `${OK}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`,
    expected: last(200, 'ok'),
  },
  {
    title: 'a line end behind a length',
    bytes: `${OK}Content-Length: 2\r\n\r\nok\r\n`,
    expected: last(200, 'ok'),
    differs: undici(null, 'llhttp skips line ends before a status line'),
  },
  { title: 'bytes behind the last chunk', bytes: `${CHUNKED}2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n`, expected: last(200, 'ok') },
  { title: 'a body behind HEAD', method: 'HEAD', bytes: `${OK}Content-Length: 2\r\n\r\nok`, expected: last(200, '') },
  {
    title: 'a body behind 204',
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok',
    expected: last(204, ''),
    differs: undici(refused, 'undici waits for the body whose length a 304 or 204 tells'),
  },
  { title: 'chunks behind 204', bytes: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', expected: last(204, '') },
  {
    title: 'a body behind 304',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok',
    expected: last(304, ''),
    differs: undici(refused, 'undici waits for the body whose length a 304 or 204 tells'),
  },
]

/** Answers that end too early. */
export const CUT: readonly Script[] = [
  { title: 'nothing', bytes: '', closes: true, expected: cut },
  { title: 'half a status line', bytes: 'HTTP/1.1 20', closes: true, expected: cut },
  { title: 'half a head', bytes: `${OK}Content-Length: 2\r\n`, closes: true, expected: cut },
  { title: 'less than the length', bytes: `${OK}Content-Length: 5\r\n\r\nhell`, closes: true, expected: cut },
  { title: 'half a chunk', bytes: `${CHUNKED}5\r\nhel`, closes: true, expected: cut },
  { title: 'no last chunk', bytes: `${CHUNKED}5\r\nhello\r\n`, closes: true, expected: cut },
  { title: 'no end of the trailers', bytes: `${CHUNKED}5\r\nhello\r\n0\r\nX: y\r\n`, closes: true, expected: cut },
  { title: 'an interim answer alone', bytes: 'HTTP/1.1 103 Early Hints\r\n\r\n', closes: true, expected: cut },
]

const head = (title: string, fields: string, differs?: Script['differs']): Script => ({
  title,
  bytes: `${OK}${fields}\r\n\r\nok`,
  closes: true,
  expected: refused,
  ...(differs === undefined ? {} : { differs }),
})
const start = (title: string, line: string, differs?: Script['differs']): Script => ({
  title,
  bytes: `${line}\r\nContent-Length: 2\r\n\r\nok`,
  expected: refused,
  ...(differs === undefined ? {} : { differs }),
})
const chunk = (title: string, body: string, differs?: Script['differs']): Script => ({
  title,
  bytes: `${CHUNKED}${body}\r\nok\r\n0\r\n\r\n`,
  expected: refused,
  ...(differs === undefined ? {} : { differs }),
})

/** Answers that two clients may read in two ways, or that are no HTTP/1.1 at all. */
export const BAD: readonly Script[] = [
  start('no HTTP', 'hello'),
  start('another protocol', 'ICY 200 OK'),
  start('HTTP/0.9', 'HTTP/0.9 200 OK', undici(last(200, 'ok'), LOOSER)),
  start('HTTP/2.0', 'HTTP/2.0 200 OK', undici(last(200, 'ok'), LOOSER)),
  start('HTTP/1.2', 'HTTP/1.2 200 OK'),
  start('HTTP/1.10', 'HTTP/1.10 200 OK'),
  start('http in lower case', 'http/1.1 200 OK'),
  start('a space too many', 'HTTP/1.1  200 OK'),
  start('a tab', 'HTTP/1.1\t200 OK'),
  start('two digits', 'HTTP/1.1 20 OK'),
  start('four digits', 'HTTP/1.1 2000 OK'),
  start('letters as a status', 'HTTP/1.1 2x0 OK'),
  start('a status under 100', 'HTTP/1.1 099 OK', undici(cut, 'undici gives the connection up')),
  start('a control byte in the reason', 'HTTP/1.1 200 O\0K', undici(kept(200, 'ok'), LOOSER)),
  { title: 'a line end first', bytes: `\r\n${OK}Content-Length: 2\r\n\r\nok`, expected: refused, differs: undici(kept(200, 'ok'), LOOSER) },
  { title: 'line feeds alone', bytes: 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', expected: refused },
  { title: 'a line feed behind the status line', bytes: 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok', expected: refused },
  { title: 'a carriage return behind the status line', bytes: 'HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nok', expected: refused },
  head('a line feed behind a field', 'X: y\nContent-Length: 2'),
  head('a carriage return in a value', 'X: y\rContent-Length: 2\r\nContent-Length: 2'),
  head('a null byte in a value', 'X: a\0b\r\nContent-Length: 2'),
  head('DEL in a value', 'X: a\u007fb\r\nContent-Length: 2'),
  head('an escape in a value', 'X: \u001b[31m\r\nContent-Length: 2'),
  head('a space before the colon', 'Content-Length : 2'),
  head('a space in a name', 'Content Length: 2'),
  head('a control byte in a name', 'X\u0001: y\r\nContent-Length: 2'),
  head('latin1 in a name', 'X\u00e9: y\r\nContent-Length: 2'),
  head('no name', ': y\r\nContent-Length: 2'),
  head('no colon', 'nonsense\r\nContent-Length: 2'),
  head('a folded value', 'X: y\r\n z\r\nContent-Length: 2'),
  head('a folded length', 'Content-Length:\r\n 2'),
  head('a fold before the first field', ' X: y\r\nContent-Length: 2'),
  head('two lengths', 'Content-Length: 2\r\nContent-Length: 3'),
  head('two equal lengths', 'Content-Length: 2\r\ncontent-length: 2'),
  head('a list of lengths', 'Content-Length: 2, 2'),
  head('a signed length', 'Content-Length: +2'),
  head('a negative length', 'Content-Length: -2'),
  head('a hexadecimal length', 'Content-Length: 0x2'),
  head('a fraction as a length', 'Content-Length: 2.0'),
  head('an empty length', 'Content-Length:'),
  head('a tab behind a length', 'Content-Length: 2\t'),
  head('a length that overflows', 'Content-Length: 18446744073709551618'),
  head('a length beyond what a number holds', 'Content-Length: 9007199254740993', undici(cut, 'undici waits for it')),
  head('a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked'),
  head('chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 2'),
  head('a coding before chunked', 'Transfer-Encoding: gzip, chunked', undici(refused, '')),
  head('a coding behind chunked', 'Transfer-Encoding: chunked, gzip', undici(last(200, 'ok'), 'llhttp reads to the close')),
  head('another coding', 'Transfer-Encoding: gzip', undici(last(200, 'ok'), 'llhttp reads to the close')),
  head('identity', 'Transfer-Encoding: identity', undici(last(200, 'ok'), 'llhttp reads to the close')),
  head('chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
  head('chunked with a tab', 'Transfer-Encoding: chunked\t', undici(last(200, 'ok'), 'llhttp reads to the close')),
  head('xchunked', 'Transfer-Encoding: xchunked', undici(last(200, 'ok'), 'llhttp reads to the close')),
  {
    title: 'chunks on HTTP/1.0',
    bytes: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    expected: refused,
    differs: undici(last(200, 'ok'), LOOSER),
  },
  {
    title: 'an interim answer on HTTP/1.0',
    bytes: `HTTP/1.0 103 Early\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    expected: refused,
    differs: undici(null, 'undici gives the one or the other, as the packets fall'),
  },
  {
    title: 'an interim answer with a length',
    bytes: `HTTP/1.1 103 Early\r\nContent-Length: 2\r\n\r\nok${OK}Content-Length: 2\r\n\r\nok`,
    expected: refused,
  },
  {
    title: 'protocols switched unasked',
    bytes: 'HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
    expected: refused,
    differs: undici(cut, 'undici gives the connection up'),
  },
  chunk('a size that is no number', 'zz'),
  chunk('no size', ''),
  chunk('a negative size', '-2'),
  chunk('a prefixed size', '0x2'),
  chunk('a size that overflows', '10000000000000002'),
  chunk('a space before the size', ' 2'),
  chunk('a space behind the size', '2 '),
  chunk('a tab behind the size', '2\t'),
  chunk('an extension without a name', '2;'),
  chunk('an extension without a value', '2;a=', undici(kept(200, 'ok'), 'llhttp lets it pass')),
  chunk('a blank before an extension', '2 ;a=b'),
  chunk('a blank in an extension', '2;a =b'),
  chunk('a control byte in an extension', '2;a\u0001'),
  chunk('a quote that does not end', '2;a="b'),
  chunk('a line feed in an extension', '2;a\nb'),
  chunk('more data than said', '1'),
  chunk('less data than said', '3'),
  { title: 'a line feed behind a size', bytes: `${CHUNKED}2\nok\r\n0\r\n\r\n`, expected: refused },
  { title: 'a line feed behind the data', bytes: `${CHUNKED}2\r\nok\n0\r\n\r\n`, expected: refused },
  { title: 'a carriage return behind a size', bytes: `${CHUNKED}2\rok\r\n0\r\n\r\n`, expected: refused },
  { title: 'a line feed as the end', bytes: `${CHUNKED}2\r\nok\r\n0\r\n\n`, expected: refused },
  { title: 'a broken trailer', bytes: `${CHUNKED}2\r\nok\r\n0\r\nX y\r\n\r\n`, expected: refused },
  { title: 'a folded trailer', bytes: `${CHUNKED}2\r\nok\r\n0\r\nX: y\r\n z\r\n\r\n`, expected: refused },
  { title: 'a length behind the body', bytes: `${CHUNKED}2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n`, expected: refused },
  {
    title: 'a coding behind the body',
    bytes: `${CHUNKED}2\r\nok\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`,
    expected: refused,
    differs: undici({ ...kept(200, 'ok'), trailers: ['Transfer-Encoding', 'chunked'] }, LOOSER),
  },
]
