"""Parameters as a loop: one test for all cases, where each is quick and needs nothing of its own."""

import functools
import inspect
from contextlib import contextmanager


def each(names, cases):
    """Call a test with every case, as `pytest.mark.parametrize` does, within one test; a failure names its case.

    Stacked, they make a product. Fixtures are shared by all cases, so they must not be changed by any.
    """
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = [dict(zip(names, case if len(names) > 1 else (case,), strict=True)) for case in cases]
    assert rows, "a loop over nothing tests nothing"

    def decorate(test):
        if inspect.iscoroutinefunction(test):

            @functools.wraps(test)
            async def looped(**given):
                for row in rows:
                    with naming(row):
                        await test(**given, **row)

        else:

            @functools.wraps(test)
            def looped(**given):
                for row in rows:
                    with naming(row):
                        test(**given, **row)

        signature = inspect.signature(test)
        left = [parameter for name, parameter in signature.parameters.items() if name not in names]
        looped.__signature__ = signature.replace(parameters=left)
        return looped

    return decorate


@contextmanager
def naming(row):
    """Add the case to an error that leaves the block."""
    try:
        yield
    except BaseException as error:
        error.add_note("in the case " + ", ".join(f"{name}={value!r}" for name, value in row.items()))
        raise
