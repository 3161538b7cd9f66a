-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends, by the environment, and one line of JSON of what came back. Without BENCH_FRESH the request is made once.

wrk.method = os.getenv("BENCH_METHOD") or "GET"
wrk.body = os.getenv("BENCH_BODY")

local fresh = os.getenv("BENCH_FRESH")
if fresh then
  -- A token that was never seen, for each request: %d in the header's value is its number, also beyond this run of wrk.
  local name, form = fresh:match("^([^:]+): (.*)$")
  local number = tonumber(os.getenv("BENCH_FIRST"))
  function request()
    number = number + 1
    wrk.headers[name] = form:format(number)
    return wrk.format()
  end
end

local pause = tonumber(os.getenv("BENCH_PAUSE_MS") or "")
if pause then
  -- Whole milliseconds whose mean is the pause, from half of it to one and a half.
  function delay()
    return math.floor(pause * (0.5 + math.random()) + math.random())
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'BENCH {"requests": %d, "microseconds": %d, "status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d,'
      .. ' "p50": %d, "p99": %d, "p999": %d}\n',
    summary.requests, summary.duration, errors.status, errors.connect, errors.read, errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)
  ))
end
