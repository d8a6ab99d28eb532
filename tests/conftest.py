"""What holds for all tests: machines are slow and noisy, so no example is bounded in time."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
