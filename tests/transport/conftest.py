"""The redis-server that the tests of the shared limits run against."""

import pytest

from tests.redis_server import RedisServer


@pytest.fixture
def mortal_redis(redis_command):
    """One that a test may stop and start."""
    with RedisServer(redis_command) as server:
        yield server
