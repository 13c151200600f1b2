/** By character code: 1 where a token may have it (RFC 9110, section 5.6.2). */
export const TOKEN = table((char) => /[!#$%&'*+.^_`|~\w-]/.test(char))
/** By character code: 1 where a field value or a reason may have it (RFC 9110, section 5.5). CR, LF, NUL and all other control bytes are not there. */
export const TEXT = table((char) => /[\t\x20-\x7e\x80-\xff]/.test(char))
/** By character code: 1 where a request target may have it. */
export const TARGET = table((char) => /[\x21-\x7e]/.test(char))
/** By character code: the value of a hexadecimal digit plus one; 0 for everything else. */
export const HEX_PLUS_ONE = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 0 : value + 1
})

/** Whether every character of a text is of a class. A character beyond latin1 is of none: cut to a byte it could be a line feed. */
export function isAll(text: string, chars: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (chars[text.charCodeAt(i)] !== 1) return false
  return true
}

function table(has: (char: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (has(String.fromCharCode(code)) ? 1 : 0))
}
