-- wrk -s paths.lua <url> -- /users/1 /orders/2 ...: GET of these paths in turn.
dofile(debug.getinfo(1, "S").source:match("@?(.*/)") .. "report.lua")

local paths = {}
local at = 0

function init(args)
  paths = args
  if #paths == 0 then error("Name the paths after --.") end
end

function request()
  at = at % #paths + 1
  return wrk.format(nil, paths[at])
end
