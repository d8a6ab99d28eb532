"""Many investors, on one machine or over workers: a run reads each of them once, and writes segments into a sink.

The names are loaded where they are used. A function's file is not called as the function: once it is imported, the
package's name would be the file.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from koscom_async.batch.aggregation import aggregate
    from koscom_async.batch.estimation import BatchEstimate, BrokerEstimate, QuotaEstimate, estimate
    from koscom_async.batch.investors import read_investors, write_investors
    from koscom_async.batch.partition import aggregate_partition
    from koscom_async.batch.report import BatchFailures, BatchProgress, BatchReport
    from koscom_async.batch.segments import Entry, OpenedSink, Segment, SharedSink, Sink
    from koscom_async.batch.sinks.jsonlines import JsonLinesSink
    from koscom_async.batch.sinks.parquet import ParquetSink
else:

    def __getattr__(name: str) -> Any:
        from koscom_async._lazy import load

        return load(__name__, name)


__all__ = [
    "BatchEstimate",
    "BatchFailures",
    "BatchProgress",
    "BatchReport",
    "BrokerEstimate",
    "Entry",
    "JsonLinesSink",
    "OpenedSink",
    "ParquetSink",
    "QuotaEstimate",
    "Segment",
    "SharedSink",
    "Sink",
    "aggregate",
    "aggregate_partition",
    "estimate",
    "read_investors",
    "write_investors",
]
