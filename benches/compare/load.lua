-- What wrk does besides its usual: a body of so many bytes, and its numbers in a line of their own,
-- because the text that it prints is rounded. A script without `request` costs nothing for a request.

function init(args)
    if args[1] then
        wrk.method = "POST"
        wrk.body = string.rep("0123456789abcdef", tonumber(args[1]) / 16)
        wrk.headers["Content-Type"] = "application/octet-stream"
    end
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        "RESULT %d %d %d %d %d %d %d %.0f %.0f %.0f\n",
        summary.duration, summary.requests,
        e.connect, e.read, e.write, e.timeout, e.status,
        latency:percentile(50), latency:percentile(99), latency.max))
end
