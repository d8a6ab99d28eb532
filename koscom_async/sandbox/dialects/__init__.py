"""How each virtual broker spells its answers; one file a broker, and what they share in `base`."""

from koscom_async.sandbox.dialects.base import Balance, Dialect, Service
from koscom_async.sandbox.dialects.cyber import Cyber
from koscom_async.sandbox.dialects.diamond import Diamond
from koscom_async.sandbox.dialects.star import Star

__all__ = ["DIALECTS", "Balance", "Dialect", "Service"]

DIALECTS: dict[str, Dialect] = {dialect.broker: dialect for dialect in (Diamond(), Cyber(), Star())}
