import { forwarded, got, HOST, SMUGGLED } from './raw-case.ts'
import type { RawCase } from './raw-case.ts'

const head = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`

/** Chunks that are wrong somewhere: the client is refused, and to the origin the body never looks whole. */
const bad = (title: string, body: string): RawCase => ({
  row: 17,
  title: `a chunk with ${title}`,
  bytes: `${head}${body}${SMUGGLED}`,
  statuses: [400],
  forwarded: [],
  closes: true,
})
const good = (title: string, body: string, content = 'abc'): RawCase =>
  forwarded(17, `chunks with ${title}`, `${head}${body}`, got('POST /', content))

/** The chunked coding (RFC 9112, section 7.1). */
export const CHUNKS: readonly RawCase[] = [
  bad('a size that is no number', 'ZZ\r\nabc\r\n0\r\n\r\n'),
  bad('no size', '\r\nabc\r\n0\r\n\r\n'),
  bad('a negative size', '-3\r\nabc\r\n0\r\n\r\n'),
  bad('a sign', '+3\r\nabc\r\n0\r\n\r\n'),
  bad('a prefix', '0x3\r\nabc\r\n0\r\n\r\n'),
  bad('a fraction', '3.0\r\nabc\r\n0\r\n\r\n'),
  bad('a size that overflows', 'fffffffffffffffff1\r\nabc\r\n0\r\n\r\n'),
  bad('a size that overflows to 3', '10000000000000003\r\nabc\r\n0\r\n\r\n'),
  bad('more bytes than said', '3\r\nabcdef\r\n0\r\n\r\n'),
  bad('a byte more than said', '3\r\nabcd\r\n0\r\n\r\n'),
  bad('a byte less than said', '4\r\nabc\r\n0\r\n\r\n'),
  bad('no line end behind the data', '3\r\nabc0\r\n\r\n'),
  bad('a line feed behind the size', '3\nabc\r\n0\r\n\r\n'),
  bad('a carriage return behind the size', '3\rabc\r\n0\r\n\r\n'),
  bad('two carriage returns behind the size', '3\r\r\nabc\r\n0\r\n\r\n'),
  bad('a line feed behind the data', '3\r\nabc\n0\r\n\r\n'),
  bad('a carriage return behind the data', '3\r\nabc\r0\r\n\r\n'),
  bad('a space before the size', ' 3\r\nabc\r\n0\r\n\r\n'),
  bad('a tab before the size', '\t3\r\nabc\r\n0\r\n\r\n'),
  bad('a space behind the size', '3 \r\nabc\r\n0\r\n\r\n'),
  bad('a tab behind the size', '3\t\r\nabc\r\n0\r\n\r\n'),
  bad('a null byte behind the size', '3\0\r\nabc\r\n0\r\n\r\n'),
  bad('a line end before the size', '\r\n3\r\nabc\r\n0\r\n\r\n'),
  bad('a blank before the extension', '3 ;a=b\r\nabc\r\n0\r\n\r\n'),
  bad('a line feed in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'),
  bad('a line feed at the end of an extension', '3;a=b\nabc\r\n0\r\n\r\n'),
  bad('a line feed in a quoted extension', '3;a="\n"\r\nabc\r\n0\r\n\r\n'),
  bad('a control byte in an extension', '3;a=\u0001\r\nabc\r\n0\r\n\r\n'),
  bad('a null byte in an extension', '3;\0\r\nabc\r\n0\r\n\r\n'),
  bad('an extension without end', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`),
  bad('a request where trailers may be', `3\r\nabc\r\n0\r\n`),
  bad('a line feed as the end', '3\r\nabc\r\n0\r\n\n'),
  bad('a line feed behind the last size', '3\r\nabc\r\n0\n\r\n'),
  bad('a folded trailer', '3\r\nabc\r\n0\r\nX-A: b\r\n c\r\n\r\n'),
  bad('a null byte in a trailer', '3\r\nabc\r\n0\r\nX-A: b\0\r\n\r\n'),
  bad('a space in the name of a trailer', '3\r\nabc\r\n0\r\nX A: b\r\n\r\n'),
  bad('a length as a trailer', '3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n'),

  good('one chunk', '3\r\nabc\r\n0\r\n\r\n'),
  good('several', '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n'),
  good('zeros before a size', '0003\r\nabc\r\n000\r\n\r\n'),
  good('sizes in both letter cases', 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'),
  good('nothing in them', '0\r\n\r\n', ''),
  good('extensions', '3;a;b=c;d="e"\r\nabc\r\n0;f\r\n\r\n'),
  good('a last chunk in the data', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n'),
  forwarded(
    17,
    'trailers stay here',
    `POST / HTTP/1.1\r\n${HOST}Trailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: b\r\nHost: evil.test\r\nAuthorization: x\r\n\r\n`,
    got('POST /', 'abc', { host: 'a.test', 'x-a': undefined, authorization: undefined, trailer: undefined }),
  ),
]
