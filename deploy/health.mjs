// The health check of the image: whether the process turns, as orchestrators ask it.
const url = process.env.OCTOPUS_HEALTH_URL ?? 'http://127.0.0.1:8080/livez'
const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
process.exit(response?.ok === true ? 0 : 1)
