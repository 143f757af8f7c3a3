-- Sends the requests of a file in turn, and says at the end, in one line of JSON, how it went.
-- A line of the file is a request: method, path, token and body, parted by tabs. The first argument is the file, the
-- second how many milliseconds a connection rests between two requests.

local requests, turn, rest = {}, 0, 0

function init(args)
   rest = tonumber(args[2])
   if rest == 0 then delay = nil end
   for line in io.lines(args[1]) do
      local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
      local headers = {["Content-Type"] = "application/json"}
      if token ~= "" then headers["Authorization"] = "Bearer " .. token end
      if body == "" then body = nil end
      table.insert(requests, wrk.format(method, path, headers, body))
   end
end

function delay()
   return rest
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end

-- Every status from 400 on counts as an error; wrk counts them by itself, without asking a script for each answer.
function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"microseconds":%d,' ..
      '"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d},' ..
      '"latency":{"p50":%d,"p95":%d,"p99":%d}}\n',
      summary.requests, summary.duration,
      errors.connect, errors.read, errors.write, errors.timeout, errors.status,
      latency:percentile(50), latency:percentile(95), latency:percentile(99)
   ))
end
