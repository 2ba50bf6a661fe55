-- bench/peers/wrk_post - what wrk posts: the fixed body of request.json with the headers of the engine's requests. The request is
-- made once; no function of this file runs for a request.
local file = assert(io.open(assert(os.getenv("BENCH_BODY")), "rb"))
wrk.method = "POST"
wrk.path = "/ep/v2/"
wrk.body = file:read("*a")
wrk.headers["x-api-key"] = "bench-key"
wrk.headers["Content-Type"] = "application/json; charset=utf-8"
wrk.headers["Accept"] = "application/json"
wrk.headers["Connection"] = "keep-alive"
file:close()
