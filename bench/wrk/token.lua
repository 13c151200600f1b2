-- wrk -s token.lua <url>: GET with the token in the environment variable TOKEN.
dofile(debug.getinfo(1, "S").source:match("@?(.*/)") .. "report.lua")

local token = os.getenv("TOKEN")
if token == nil then error("Set TOKEN to the token that every request carries.") end
wrk.headers["Authorization"] = "Bearer " .. token
