"""The decisions that Redis makes, as Lua scripts: each is one atomic step on the server's own clock. No I/O here.

A broker's state is one hash, a service's day another:

- `free`: when the broker's backlog is worked off (GCRA), `paused`: when its pause ends, in microseconds since 1970;
- `last`, `before`: which request was granted last, and the value of `free` before it;
- `remaining`, `limit`, `until`: what is left of the day by the gateway's word, and until when that is believed.

Each request has a name, so that one that is sent twice is granted once, and one whose caller was cancelled before the
answer came can be withdrawn. Times are whole numbers or printed with 17 digits: Lua's own 14 would round
them to a tenth of a millisecond. Needs Redis 5 or later (or Valkey), as the clock is read before writing.
"""

GRANTED, WAIT, SPENT = 1, 0, -1
"""The verdicts of `ACQUIRE`."""

_CLOCK = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function exact(number) return string.format('%.17g', number) end
-- When a pause ends. One of more than a day, or what is no time at all, is not these scripts' own.
local function pause_of(text)
  local moment = tonumber(text) or 0
  return moment < now + 86400000000 and moment or 0
end
-- A state lives as long as it matters, and ten seconds more, in which a grant may be withdrawn.
local function keep(key, moment)
  redis.call('PEXPIRE', key, math.ceil(math.max(0, moment - now) / 1000) + 10000)
end
"""

ACQUIRE = (
    _CLOCK
    + """
-- KEYS: broker, service. ARGV: interval, slack (both in microseconds), reserve, request.
local interval, slack, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local request = ARGV[4]
local state = redis.call('HMGET', KEYS[1], 'free', 'paused', 'last')
local day = redis.call('HMGET', KEYS[2], 'remaining', 'limit', 'until')
local free, furthest = tonumber(state[1]) or 0, now + slack + interval
-- The backlog exceeds one burst only if the server's clock was set back, or is no number: no call waits for that.
if not (free <= furthest) then
  free = furthest
  redis.call('HSET', KEYS[1], 'free', exact(free))
end
local paused = pause_of(state[2])
local remaining, limit, ends = tonumber(day[1]), tonumber(day[2]), tonumber(day[3])
-- A day that ends later than tomorrow is not these scripts' own: a broker would be spent for as long as it says.
if not ends or not (ends > now and ends < now + 172800000000) then remaining, limit, ends = nil, nil, nil end

local function answer(verdict)
  local wait = math.max(0, math.ceil(math.max(free - slack, paused) - now))
  return {verdict, now, wait, math.max(0, math.ceil(paused - now)), remaining or -1, limit or -1, ends or -1}
end

if state[3] == request then return answer(1) end
if remaining and reserve >= 0 and remaining <= reserve * math.max(0, limit or 0) then return answer(-1) end
if math.max(free - slack, paused) > now then return answer(0) end

local before = free
free = math.max(free, now) + interval
redis.call('HSET', KEYS[1], 'free', exact(free), 'last', request, 'before', exact(before))
keep(KEYS[1], math.max(free, paused))
if remaining and remaining > 0 then remaining = redis.call('HINCRBY', KEYS[2], 'remaining', -1) end
return answer(1)
"""
)

WITHDRAW = (
    _CLOCK
    + """
-- KEYS: broker, service. ARGV: request. Only the last grant can be undone exactly: moving the backlog back under a
-- later grant would let too many calls leave. If another call was granted since, this grant is lost, and no more.
local state = redis.call('HMGET', KEYS[1], 'last', 'before')
if state[1] ~= ARGV[1] then return {0} end
redis.call('HSET', KEYS[1], 'free', state[2])
redis.call('HDEL', KEYS[1], 'last', 'before')
if redis.call('HEXISTS', KEYS[2], 'remaining') == 1 then redis.call('HINCRBY', KEYS[2], 'remaining', 1) end
return {1}
"""
)

PAUSE = (
    _CLOCK
    + """
-- KEYS: broker. ARGV: microseconds. A shorter pause does not end a longer one.
local state = redis.call('HMGET', KEYS[1], 'free', 'paused')
local paused = math.max(pause_of(state[2]), now + tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'paused', exact(paused))
keep(KEYS[1], math.max(tonumber(state[1]) or 0, paused))
return {math.ceil(paused - now)}
"""
)

RECORD = (
    _CLOCK
    + """
-- KEYS: service. ARGV: remaining, limit (-1: not known), microseconds after midnight that may speak of yesterday.
local day, first = 86400000000, tonumber(ARGV[3])
local midnight = now - now % day
local ends = now < midnight + first and midnight + first or midnight + day
redis.call('HSET', KEYS[1], 'remaining', ARGV[1], 'limit', ARGV[2], 'until', exact(ends))
redis.call('PEXPIREAT', KEYS[1], math.ceil(ends / 1000))
return {ends}
"""
)
