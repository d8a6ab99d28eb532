"""Drives a run over workers until it is killed: a scheduler, the investors' file, the output; a line for each part."""

import sys
from pathlib import Path

from distributed import Client

from koscom_async.batch import ParquetSink, dask
from tests.batch.workers import client_at, investors_in, loader


def main():
    """Drive a run until this process is killed: a scheduler, the investors' file, the output; a line for each part."""
    scheduler, path, folder, size = sys.argv[1:]
    with Client(scheduler) as cluster:
        dask.aggregate(
            cluster,
            loader(path),
            list(investors_in(Path(path))),
            sink=ParquetSink(folder),
            partition_size=int(size),
            make_client=client_at(5_000.0, 100),
            on_progress=lambda progress: print(progress.investors, flush=True),  # noqa: T201
        )


if __name__ == "__main__":
    main()
