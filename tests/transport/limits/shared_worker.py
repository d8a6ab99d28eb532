"""One of several processes that share a broker: takes turns as fast as it may, and prints the server's time of each.

Arguments: Redis's URL, rate, burst, seconds. It says "ready", waits for a line, and ends when the server's clock is
`seconds` past the first turn that it was granted.
"""

import sys

import anyio

from koscom_async import BrokerLimits, Limits
from koscom_async._transport.limits.redis_limiter import RedisLimiter

TASKS = 4


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def main(url, rate, burst, seconds):
    limits = Limits(default=BrokerLimits(rate=rate, burst=burst, in_flight=TASKS))
    limiter = RedisLimiter(url, limits, timeout=30.0)
    granted = []
    decide = limiter._store.decide

    async def noted(*args, **kwargs):
        decision = await decide(*args, **kwargs)
        if decision is not None and decision.granted:
            granted.append(decision.at)
        return decision

    limiter._store.decide = noted
    # Everything is imported and connected before the race, on another broker.
    await limiter.acquire("rehearsal", "account")
    limiter.release("rehearsal")
    granted.clear()
    say("ready")
    sys.stdin.readline()

    async def call_again_and_again():
        while not granted or granted[-1] < granted[0] + seconds * 1e6:
            await limiter.acquire("star", "account")
            limiter.release("star")

    async with anyio.create_task_group() as group:
        for _ in range(TASKS):
            group.start_soon(call_again_and_again)
    await limiter.aclose()
    say(*granted)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
