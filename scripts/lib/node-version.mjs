// Imported first by every script: it has to run, and speak, on Node versions that cannot run the rest.
const NEEDED = [20, 18, 1]
const running = process.versions.node.split('.').map(Number)

function isOlder(version, than) {
  for (let i = 0; i < than.length; i++) {
    if (version[i] !== than[i]) return version[i] < than[i]
  }
  return false
}

if (isOlder(running, NEEDED)) {
  console.error(
    `Octopus needs Node ${NEEDED.join('.')} or newer, this is ${process.versions.node}. Newer versions: https://nodejs.org/en/download`,
  )
  process.exit(1)
}
