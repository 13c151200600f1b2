import { denied, forwarded, got, HOST, refused, SMUGGLED } from './raw-case.ts'
import type { RawCase } from './raw-case.ts'

const bad = (target: string): RawCase => denied(19, `target ${JSON.stringify(target)}`, `GET ${target} HTTP/1.1\r\n${HOST}\r\n`)
const good = (target: string): RawCase =>
  forwarded(19, `target ${JSON.stringify(target)}`, `GET ${target} HTTP/1.1\r\n${HOST}\r\n`, got(`GET ${target}`))

/** Targets that an upstream might read as another path than the one that was matched, and those that go on byte for byte. */
export const TARGETS: readonly RawCase[] = [
  ...[
    '/a/../b',
    '/a/./b',
    '/..',
    '/.',
    '/a/..',
    '/a/%2e%2e/b',
    '/a/.%2E/b',
    '/a/%2e/b',
    '/a%2f..%2fb',
    '/a/..%2fb',
    '/a/..;/b',
    '/a/..;x=y/b',
    '/a\\..\\b',
    '/a%5c..',
    '/a%5C%2e%2e%5Cb',
    '//evil.test/a',
    '/a//b',
    '/a/b//',
    '/a%00b',
    '/a%0d%0aX: y',
    '/a%0aX',
    '/a%7f',
    '/a%zz',
    '/a%',
    '/a%2',
    '/a%c0%ae',
    '/a%ff',
    '/%252e%252e%2f..',
    '/a#fragment',
    '/a\u00e9',
    '*',
    'http://',
    'http:///a',
    'ftp://a.test/x',
    'http://user@a.test/x',
    'http://a.test/../x',
    'javascript:alert(1)',
  ].flatMap((target) =>
    target.includes(' ')
      ? [refused(19, `target ${JSON.stringify(target)}`, `GET ${target} HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`)]
      : [bad(target)],
  ),
  ...['/', '/a%2fb?x=/../y//z', '/%61', '/%2f/a', '/a;b=c', '/...', '/a/', '/a?%00', "/~a/!$&'()*+,;=:@", '/%E2%82%AC', '/a%20b'].map(good),
  forwarded(
    19,
    'an absolute target: its authority is the host',
    'GET http://b.test:81/x?y=1 HTTP/1.1\r\nHost: a.test\r\n\r\n',
    got('GET /x?y=1', '', { host: 'b.test:81' }),
  ),
  forwarded(
    19,
    'an absolute target without a path',
    'GET http://b.test?q HTTP/1.1\r\nHost: a.test\r\n\r\n',
    got('GET /?q', '', { host: 'b.test' }),
  ),
]
