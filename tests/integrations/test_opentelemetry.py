"""Spans and metrics as OpenTelemetry's own SDK sees them."""

import subprocess
import sys
from datetime import date

import pytest
from attrs import evolve
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from koscom_async import Koscom, KoscomError
from koscom_async.integrations.opentelemetry import OpenTelemetryObserver
from koscom_async.sandbox import Fault, SandboxGateway, firm
from koscom_async.settings import Backend
from tests.end_to_end.test_main_job import impatient


class Telescope:
    """An observer with providers of its own, and what they saw."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.observer = OpenTelemetryObserver(
            tracer_provider=self.tracers, meter_provider=MeterProvider([self.reader])
        )

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def texts(self):
        """Everything that is exported, as JSON."""
        metrics = self.reader.get_metrics_data()
        return [*(span.to_json() for span in self.spans), *([metrics.to_json()] if metrics else [])]

    def named(self, name, **attributes):
        return [
            span
            for span in self.spans
            if span.name == name
            and all(span.attributes.get(f"koscom.{key}") == value for key, value in attributes.items())
        ]

    def points(self, name):
        (scope,) = self.reader.get_metrics_data().resource_metrics[0].scope_metrics
        (metric,) = [metric for metric in scope.metrics if metric.name == name]
        return {tuple(sorted(point.attributes.values())): point for point in metric.data.data_points}


@pytest.fixture
def telescope():
    return Telescope()


async def read(gateway, telescope, **changes):
    settings = impatient(gateway.settings, **changes)
    async with Koscom(settings, transport=gateway.transport, observer=telescope.observer) as koscom:
        return await koscom.holdings(gateway.investor, deadline=10)


async def test_an_operation_has_accounts_below_it_and_attempts_below_them(telescope):
    async with SandboxGateway(in_process=True) as gateway:
        await read(gateway, telescope)
    (whole,) = telescope.named("koscom.holdings")
    accounts = telescope.named("koscom.account.balance")
    assert (whole.parent, whole.attributes["koscom.outcome"]) == (None, "ok")
    assert (whole.attributes["koscom.accounts"], whole.attributes["koscom.failures"]) == (3, 0)
    assert {span.parent.span_id for span in accounts} == {whole.context.span_id}
    assert {span.attributes["koscom.broker"] for span in accounts} == {"cyber", "diamond", "star"}
    (diamond,) = telescope.named("koscom.account.balance", broker="diamond")
    assert diamond.attributes["koscom.account"] == "1607…4203"
    (attempt,) = telescope.named("koscom.attempt", broker="diamond")
    assert attempt.parent.span_id == diamond.context.span_id
    assert attempt.attributes["koscom.endpoint"] == "account.balance"
    assert attempt.attributes["koscom.attempt.number"] == 1


async def all_transactions(koscom, investor):
    async with koscom.stream_transactions(investor, date(2024, 3, 1), date(2024, 3, 31)) as stream:
        return [row async for row in stream]


ACROSS_ACCOUNTS = {
    "portfolios": lambda koscom, investor: koscom.portfolios(investor),
    "watchlists": lambda koscom, investor: koscom.watchlists(investor),
    "transactions": all_transactions,
}


@pytest.mark.parametrize("name", ACROSS_ACCOUNTS)
async def test_what_is_asked_of_all_accounts_is_an_operation_that_tells_of_failures(name, telescope):
    async with SandboxGateway(in_process=True, faults={"diamond": "4001"}) as gateway:
        settings = impatient(gateway.settings)
        async with Koscom(settings, transport=gateway.transport, observer=telescope.observer) as koscom:
            await ACROSS_ACCOUNTS[name](koscom, gateway.investor)
    (whole,) = telescope.named(f"koscom.{name}")
    assert (whole.parent, whole.attributes["koscom.outcome"]) == (None, "partial")
    assert (whole.attributes["koscom.accounts"], whole.attributes["koscom.failures"]) == (3, 1)


ACROSS_BROKERS = {
    "holdings": lambda service: service.holdings(),
    "all_orders": lambda service: service.all_orders(),
    "all_settlements": lambda service: service.all_settlements(),
    "all_trades": lambda service: service.all_trades(date(2024, 3, 4), date(2024, 3, 5)),
}


@pytest.mark.parametrize("name", ACROSS_BROKERS)
async def test_what_a_firm_asks_across_brokers_is_an_operation_around_lists_and_accounts(name, telescope):
    ledger = firm({"star": 1, "cyber": 2, "diamond": 1})
    async with SandboxGateway(in_process=True, ledger=ledger, faults={"star": "4001"}) as gateway:
        settings = evolve(
            impatient(gateway.settings),
            discretionary_brokers=("star", "cyber", "diamond"),
            check_service_hours=False,
        )
        async with Koscom(settings, transport=gateway.transport, observer=telescope.observer) as koscom:
            answer = await ACROSS_BROKERS[name](koscom.discretionary)
    (whole,) = telescope.named(f"koscom.discretionary.{name}")
    assert (len(answer.outcomes), len(answer.failures)) == (4, 1)
    assert (whole.parent, whole.attributes["koscom.outcome"]) == (None, "partial")
    assert (whole.attributes["koscom.accounts"], whole.attributes["koscom.failures"]) == (4, 1)
    lists = telescope.named("koscom.discretionary.accounts")
    assert {span.parent.span_id for span in lists} == {whole.context.span_id}


async def test_each_attempt_has_its_number_its_outcome_and_its_waits(telescope):
    async with SandboxGateway(in_process=True, faults={"diamond": Fault("down", times=2)}) as gateway:
        await read(gateway, telescope)
    attempts = telescope.named("koscom.attempt", broker="diamond")
    assert [span.attributes["koscom.outcome"] for span in attempts] == ["3600", "3600", "ok"]
    assert [span.attributes["koscom.attempt.number"] for span in attempts] == [1, 2, 3]
    assert [span.status.is_ok for span in attempts] == [False, False, True]
    assert attempts[0].events == ()
    assert all(span.attributes["koscom.attempt.backed_off"] >= 0 for span in attempts)
    assert all(span.attributes["koscom.attempt.waited"] >= 0 for span in attempts)


async def test_metrics_count_by_broker_and_outcome(telescope):
    async with SandboxGateway(in_process=True, faults={"diamond": "down"}) as gateway:
        holdings = await read(gateway, telescope)
        calls = [call for call in gateway.calls if call.broker == "diamond"]
    assert not holdings.complete
    attempts = telescope.points("koscom.attempt.duration")
    assert attempts["3600", "account.balance", "diamond"].count == len(calls) == 3
    operations = telescope.points("koscom.operation.duration")
    assert operations["holdings", "partial"].count == 1
    assert operations["3600", "account.balance", "diamond"].count == 1
    assert {point.value for point in telescope.points("koscom.attempt.active").values()} == {0}


async def test_what_is_raised_is_the_outcome(telescope):
    async with SandboxGateway(in_process=True, faults={"common": "4006"}) as gateway:
        with pytest.raises(KoscomError):
            await read(gateway, telescope)
    (whole,) = telescope.named("koscom.holdings")
    assert (whole.attributes["koscom.outcome"], whole.status.description) == ("4006", "4006")


@pytest.mark.parametrize("backend", [Backend.AUTO, Backend.CORE, Backend.FAST])
async def test_the_http_span_of_the_official_instrumentation_is_below_the_attempt_unless_it_is_asked_to_be_fast(
    telescope, backend
):
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=telescope.tracers)
    try:
        async with SandboxGateway() as gateway:
            await read(gateway, telescope, backend=backend)
            secrets = [*gateway.investor.secrets, gateway.settings.api_key, gateway.ledger.of("star").number]
    finally:
        instrumentor.uninstrument()
    posts = telescope.named("POST")
    attempts = telescope.named("koscom.attempt")
    seen = set() if backend is Backend.FAST else {span.context.span_id for span in attempts}
    assert attempts
    assert len(posts) == len(seen)
    assert {span.parent.span_id for span in posts} == seen
    text = "".join(span.to_json() for span in telescope.spans)
    assert not any(secret in text for secret in secrets)


async def test_who_does_not_look_sees_nothing_and_pays_nothing(telescope):
    async with SandboxGateway() as gateway, Koscom(gateway.settings) as koscom:
        await koscom.holdings(gateway.investor)
    assert telescope.spans == ()


def test_without_the_extra_the_error_names_it():
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "try:\n    import koscom_async.integrations.opentelemetry\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    assert done.stdout == (
        "this needs OpenTelemetry, which the extra 'otel' brings: "
        'in the clone of koscom_async, run: pip install ".[otel]"\n'
    )


def test_the_core_does_not_import_it():
    program = "import koscom_async, sys; print(any(name.startswith('opentelemetry') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    assert done.stdout == "False\n"
