-- wrk -s report.lua: the usual summary, with percentiles and with failures by kind. Loaded by the other scripts of this folder.
function done(summary, latency, requests)
  io.write("\n")
  for _, share in pairs({ 50, 90, 99, 99.9 }) do
    io.write(string.format("p%-5g %9.2f ms\n", share, latency:percentile(share) / 1000))
  end
  local errors = summary.errors
  io.write(string.format("requests %d, %.0f a second\n", summary.requests, summary.requests / (summary.duration / 1e6)))
  io.write(
    string.format(
      "failed: %d answers outside 2xx and 3xx, %d connects, %d reads, %d writes, %d timeouts\n",
      errors.status,
      errors.connect,
      errors.read,
      errors.write,
      errors.timeout
    )
  )
end
