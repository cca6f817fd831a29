-- Requests that differ from one to the next. The first word says how:
--
--   scripts N   one of N scripts at random
--   mixed       eleven kinds in turns, with URLs that never come again: whatever is kept by URL
--               would grow with the requests
--
-- The line with the numbers is load.lua's.

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")
dofile(here .. "/../compare/load.lua")

local form = string.rep("0123456789abcdef", 64)
local count = 0
local scripts = 0

-- The name in `wrk` is what a thread calls; load.lua's would take the words for a body's size.
function init(words)
    if words[1] == "scripts" then
        scripts = tonumber(words[2])
        math.randomseed(os.time())
    end
end

function request()
    if scripts > 0 then
        return wrk.format("GET", string.format("/s%05d.py", math.random(0, scripts - 1)))
    end
    count = count + 1
    local kind = count % 11
    if kind == 0 then
        return wrk.format("POST", "/count.py?" .. count, nil, form)
    elseif kind == 1 then
        return wrk.format("GET", "/missing-" .. count)
    elseif kind == 2 then
        return wrk.format("GET", "/static.txt?" .. count)
    end
    return wrk.format("GET", "/hello.py?" .. count)
end
