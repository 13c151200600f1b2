-- wrk -s post.lua <url> -- [bytes]: POST with a body of JSON of about that size, 1024 by default.
dofile(debug.getinfo(1, "S").source:match("@?(.*/)") .. "report.lua")

function init(args)
  local bytes = tonumber(args[1]) or 1024
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.body = string.format('{"text":"%s"}', string.rep("x", bytes - 11))
end
