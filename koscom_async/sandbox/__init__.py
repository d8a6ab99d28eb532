"""An embedded gateway for tests, demonstrations and development: three brokers, a market, and faults on demand.

It shares the broker registry, the error table and the settings with the library and nothing of the client, so
that it can judge it. Needs the extra `sandbox`.
"""

from importlib import import_module

from koscom_async._hints import missing

try:
    for _needed in ("starlette", "uvicorn"):
        import_module(_needed)
except ImportError as error:
    raise missing("the sandbox gateway needs starlette and uvicorn", extra="sandbox") from error

from koscom_async.sandbox.accounts import crowd, example_ledger, firm, generated
from koscom_async.sandbox.calls import Call
from koscom_async.sandbox.delivery import Exponential, LongTail, Uniform
from koscom_async.sandbox.documents import documents_ledger
from koscom_async.sandbox.fault_kinds import FAULT_KINDS
from koscom_async.sandbox.faults import Fault
from koscom_async.sandbox.gateway import SandboxGateway
from koscom_async.sandbox.ledger import Ledger
from koscom_async.sandbox.market.market import Market
from koscom_async.sandbox.meters import RateLimit

__all__ = [
    "FAULT_KINDS",
    "Call",
    "Exponential",
    "Fault",
    "Ledger",
    "LongTail",
    "Market",
    "RateLimit",
    "SandboxGateway",
    "Uniform",
    "crowd",
    "documents_ledger",
    "example_ledger",
    "firm",
    "generated",
]
