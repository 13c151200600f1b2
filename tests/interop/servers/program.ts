/** The path of the real server that is tested. */
export function programUnderTest(): string {
  const path = process.env['OCTOPUS_INTEROP_PROGRAM']
  if (path === undefined) throw new Error('The server to test is built by "npm run test:interop".')
  return path
}
