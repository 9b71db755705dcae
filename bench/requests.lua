-- For wrk: asks for the paths of a file, one after the other, and prints what it counted as one line of JSON.

local paths = {}
local accept
local at = 0

function init(args)
   for line in io.lines(args[1]) do
      paths[#paths + 1] = line
   end
   accept = args[2]
end

function request()
   at = at % #paths + 1
   return wrk.format("GET", paths[at], {["Host"] = wrk.host, ["Accept"] = accept, ["Accept-Encoding"] = "gzip"
      , ["Authorization"] = os.getenv("BENCH_AUTHORIZATION")})
end

function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '{"requests": %d, "microseconds": %d, "bytes": %d, "failures": %d, "median": %d}\n',
      summary.requests, summary.duration, summary.bytes,
      e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50)))
end
