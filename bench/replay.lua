-- wrk -s replay.lua URL -- FILE: sends the requests of FILE, each of which ends with an empty line, over and over.
local requests, sent = {}, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for request in file:read("*a"):gmatch("(.-)\r\n\r\n") do
    requests[#requests + 1] = request .. "\r\n\r\n"
  end
  file:close()
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end
