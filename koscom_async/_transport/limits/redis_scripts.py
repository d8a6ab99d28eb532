"""What Redis decides, as Lua scripts: each is one atomic step on its server's own clock. No I/O here.

A broker's state is one hash, a service's day another:

- `free`: where the broker's schedule stands (GCRA), `paused`: when its pause ends, both in microseconds since 1970;
- `last`, `before`: which question was granted last, and where the schedule stood before it;
- `remaining`, `limit`, `until`: what the gateway said is left of the day, and until when that is believed.

A question has a name of its own, so that one that is sent twice is granted once, and one whose asker was cancelled
before the answer came can be withdrawn. Times are whole numbers or printed with 17 digits: Lua's own 14 would round
them to a tenth of a millisecond. Needs Redis 5 or later (or Valkey), as the clock is read before writing.
"""

GRANTED, WAIT, SPENT = 1, 0, -1
"""The verdicts of `ACQUIRE`."""

_CLOCK = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function exact(number) return string.format('%.17g', number) end
-- A state lives as long as it says anything, and ten seconds more, in which a grant may be withdrawn.
local function keep(key, moment)
  redis.call('PEXPIRE', key, math.ceil(math.max(0, moment - now) / 1000) + 10000)
end
"""

ACQUIRE = (
    _CLOCK
    + """
-- KEYS: broker, service. ARGV: interval, slack (both in microseconds), reserve, question.
local interval, slack, reserve = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local question = ARGV[4]
local lane = redis.call('HMGET', KEYS[1], 'free', 'paused', 'last')
local day = redis.call('HMGET', KEYS[2], 'remaining', 'limit', 'until')
local free, furthest = tonumber(lane[1]) or 0, now + slack + interval
-- More than a burst ahead it never is, unless the server's clock was set back: nobody waits for that.
if free > furthest then
  free = furthest
  redis.call('HSET', KEYS[1], 'free', exact(free))
end
local paused = tonumber(lane[2]) or 0
local remaining, limit, ends = tonumber(day[1]), tonumber(day[2]), tonumber(day[3])
if not ends or ends <= now then remaining, limit, ends = nil, nil, nil end

local function answer(verdict)
  local wait = math.max(0, math.ceil(math.max(free - slack, paused) - now))
  return {verdict, now, wait, math.max(0, math.ceil(paused - now)), remaining or -1, limit or -1, ends or -1}
end

if lane[3] == question then return answer(1) end
if remaining and remaining <= reserve * math.max(0, limit or 0) then return answer(-1) end
if math.max(free - slack, paused) > now then return answer(0) end

local before = free
free = math.max(free, now) + interval
redis.call('HSET', KEYS[1], 'free', exact(free), 'last', question, 'before', exact(before))
keep(KEYS[1], math.max(free, paused))
if remaining then remaining = redis.call('HINCRBY', KEYS[2], 'remaining', -1) end
return answer(1)
"""
)

WITHDRAW = (
    _CLOCK
    + """
-- KEYS: broker, service. ARGV: question. Only what was granted last can be undone exactly: a schedule moved back under
-- a later grant would let too many go. If somebody was granted a turn since, this one is lost, and no more than it.
local lane = redis.call('HMGET', KEYS[1], 'last', 'before')
if lane[1] ~= ARGV[1] then return {0} end
redis.call('HSET', KEYS[1], 'free', lane[2])
redis.call('HDEL', KEYS[1], 'last', 'before')
if redis.call('HEXISTS', KEYS[2], 'remaining') == 1 then redis.call('HINCRBY', KEYS[2], 'remaining', 1) end
return {1}
"""
)

PAUSE = (
    _CLOCK
    + """
-- KEYS: broker. ARGV: microseconds. A shorter pause does not end a longer one.
local lane = redis.call('HMGET', KEYS[1], 'free', 'paused')
local paused = math.max(tonumber(lane[2]) or 0, now + tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'paused', exact(paused))
keep(KEYS[1], math.max(tonumber(lane[1]) or 0, paused))
return {math.ceil(paused - now)}
"""
)

RECORD = (
    _CLOCK
    + """
-- KEYS: service. ARGV: remaining, limit (-1: not known), microseconds after midnight that may still speak of yesterday.
local day, first = 86400000000, tonumber(ARGV[3])
local midnight = now - now % day
local ends = now < midnight + first and midnight + first or midnight + day
redis.call('HSET', KEYS[1], 'remaining', ARGV[1], 'limit', ARGV[2], 'until', exact(ends))
redis.call('PEXPIREAT', KEYS[1], math.ceil(ends / 1000))
return {ends}
"""
)
