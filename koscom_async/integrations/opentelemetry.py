"""Spans and metrics for OpenTelemetry: an observer that turns each operation and each attempt into both.

Owns names and attributes. Does not make the HTTP span below an attempt: that is OpenTelemetry's own instrumentation of
httpx: `HTTPXClientInstrumentor().instrument()`, once in a process, before a client's first call. It watches httpx's own
connections, so a client that finds it there keeps to these; one with `Settings(backend="fast")` does not, and its
attempts have no HTTP span below.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from koscom_async._hints import missing
from koscom_async.observer import OK, Attempt, Operation

try:
    from opentelemetry import metrics, trace
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
except ImportError as error:
    raise missing("this needs OpenTelemetry", extra="otel", name=error.name) from error

__all__ = ["OpenTelemetryObserver"]

SCOPE = "koscom_async"

Attributes = dict[str, str | int | float]


class OpenTelemetryObserver:
    """Give one to `Koscom(observer=…)`; without arguments it uses the process's own providers.

    A span for each operation (`koscom.holdings`, and below it `koscom.account.balance` for each account), and
    below it one for each attempt (`koscom.attempt`) with broker, endpoint, number, outcome and waits. Histograms of
    seconds, `koscom.operation.duration`, `koscom.attempt.duration` and `koscom.attempt.waited`, and the number of
    attempts under way, `koscom.attempt.active`. No secret and no message of an answer is in any of them;
    accounts are masked, and in spans only.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(SCOPE, meter_provider=meter_provider)
        self._operation_seconds = meter.create_histogram(
            "koscom.operation.duration",
            unit="s",
            description="Duration of an operation, from the call to its answer.",
        )
        self._attempt_seconds = meter.create_histogram(
            "koscom.attempt.duration",
            unit="s",
            description="Duration of one attempt, its wait for the limits included.",
        )
        self._waited_seconds = meter.create_histogram(
            "koscom.attempt.waited",
            unit="s",
            description="Time that one attempt waited for its broker's limits.",
        )
        self._active = meter.create_up_down_counter(
            "koscom.attempt.active", unit="{attempt}", description="Attempts under way."
        )

    @contextmanager
    def operation(self, operation: Operation) -> Iterator[None]:
        """Surround an operation with its span."""
        began = perf_counter()
        labels = _known({"koscom.operation": operation.name, "koscom.broker": operation.broker})
        with self._span(f"koscom.{operation.name}", SpanKind.INTERNAL) as span:
            span.set_attributes(labels | _known({"koscom.account": operation.account}))
            try:
                yield
            finally:
                span.set_attributes(
                    _known({"koscom.accounts": operation.accounts, "koscom.failures": operation.failures})
                )
                labels |= _end(span, operation.outcome)
                self._operation_seconds.record(perf_counter() - began, labels)

    @contextmanager
    def attempt(self, attempt: Attempt) -> Iterator[None]:
        """Surround an attempt with its span."""
        began = perf_counter()
        labels: Attributes = {"koscom.broker": attempt.broker, "koscom.endpoint": attempt.endpoint}
        self._active.add(1, labels)
        with self._span("koscom.attempt", SpanKind.INTERNAL) as span:
            span.set_attributes(
                labels
                | {
                    "koscom.attempt.number": attempt.number,
                    "koscom.attempt.backed_off": attempt.seconds_backed_off,
                }
            )
            try:
                yield
            finally:
                self._active.add(-1, labels)
                span.set_attribute("koscom.attempt.waited", attempt.seconds_waited)
                self._waited_seconds.record(attempt.seconds_waited, labels)
                labels = labels | _end(span, attempt.outcome)
                self._attempt_seconds.record(perf_counter() - began, labels)

    @contextmanager
    def _span(self, name: str, kind: SpanKind) -> Iterator[Span]:
        # Neither exceptions nor their texts are recorded: the outcome is the error's code.
        with self._tracer.start_as_current_span(
            name, kind=kind, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span


def _known(attributes: dict[str, str | int | None]) -> Attributes:
    return {name: value for name, value in attributes.items() if value is not None}


def _end(span: Span, outcome: str) -> Attributes:
    if outcome != OK:
        span.set_status(Status(StatusCode.ERROR, outcome))
    span.set_attribute("koscom.outcome", outcome)
    return {"koscom.outcome": outcome}
