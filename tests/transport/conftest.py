"""The redis-server that the tests of the shared limits run against."""

import pytest
import redis

from tests.redis_server import RedisServer


@pytest.fixture
def redis_server(running_redis):
    """One for the whole run, forgetful between tests."""
    with redis.Redis.from_url(running_redis.url) as client:
        client.flushall()
    return running_redis


@pytest.fixture
def mortal_redis(redis_command):
    """One that a test may stop and start."""
    with RedisServer(redis_command) as server:
        yield server
