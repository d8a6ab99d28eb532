"""Time travel for a server whose clock cannot be set: moving its state back is moving its clock on."""

import redis

from koscom_async import BrokerLimits, Limits
from koscom_async._transport.limits.redis_limiter import RedisLimiter

MOMENTS = ("free", "paused", "before", "until")


class TravellingTime:
    """A clock and a sleep for a limiter; a sleep ends at once, with all that the server knows so much older."""

    def __init__(self, url):
        self.server = redis.Redis.from_url(url)
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self):
        return self.now

    def pass_by(self, seconds):
        self.now += seconds
        for key in self.server.scan_iter():
            for field, moment in self.server.hgetall(key).items():
                if field.decode() in MOMENTS:
                    self.server.hset(key, field, repr(float(moment) - seconds * 1e6))

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.pass_by(seconds)

    def close(self):
        self.server.close()


def limits_of(*, rate=10.0, burst=1, in_flight=100, reserve=0.0, total=1000):
    default = BrokerLimits(rate=rate, burst=burst, in_flight=in_flight)
    return Limits(default=default, in_flight=total, quota_reserve=reserve)


def limiter_of(url, time, *, local_share=None, timeout=5.0, prefix="koscom", **limits):
    return RedisLimiter(
        url,
        limits_of(**limits),
        prefix=prefix,
        local_share=local_share,
        timeout=timeout,
        clock=time.clock,
        sleep=time.sleep,
    )
