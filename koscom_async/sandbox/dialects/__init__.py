"""How each virtual broker spells its answers; one file a broker, and what they share in `base`."""

from koscom_async.sandbox.dialects.base import Balance, Dialect, Service
from koscom_async.sandbox.dialects.brokers import Cyber, Diamond, Star

__all__ = ["DIALECTS", "Balance", "Dialect", "Service"]

DIALECTS: dict[str, Dialect] = {dialect.broker: dialect for dialect in (Diamond(), Cyber(), Star())}
