"""The house: imports point down and never in a circle, wire names stay in the wire, the sandbox stands apart."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import koscom_async

ROOT = Path(koscom_async.__file__).parent
PACKAGE = "koscom_async"

# From the ground up: a room may import what stands above it in this list, and its own modules.
ROOMS = (
    "_ahead",
    "_masking",
    "_decimals",
    "_clock",
    "_cooperative",
    "errors",
    "error_codes",
    "_http",
    "brokers",
    "export",
    "settings",
    "models",
    "observer",
    "tokens",
    "_wire",
    "_transport",
    "_services",
    "_merge",
    "_fanout",
    "client",
    "_public",
    "_names",
    "notebook",
    "__init__",
    "sandbox",
    "integrations",
    "cli",
    "__main__",
)

# The sandbox judges the client, so it may know the facts that both share, and nothing of the client's work.
SANDBOX_MAY_IMPORT = {"brokers", "error_codes", "settings", "models", "sandbox"}
SANDBOX_MAY_IMPORT_MODELS = {"koscom_async.models.investor"}


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        yield ".".join((PACKAGE, *parts)).removesuffix(".__init__"), path


MODULES = dict(modules())


def imports_of(name):
    """Every module of ours that a module imports, wherever in its text."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            if (node.module or "").split(".")[0] == PACKAGE:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    yield full if full in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)


def room_of(name):
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_every_room_is_on_the_map():
    assert {room_of(name) for name in MODULES} == set(ROOMS)


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name):
    above = ROOMS.index(room_of(name))
    for imported in imports_of(name):
        assert ROOMS.index(room_of(imported)) <= above, f"{name} imports {imported}"


def test_there_is_no_import_cycle():
    graph = {name: set(imports_of(name)) - {name} for name in MODULES}
    order = tuple(TopologicalSorter(graph).static_order())
    assert set(order) >= set(MODULES)


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) == "sandbox"])
def test_the_sandbox_imports_nothing_of_the_client(name):
    for imported in imports_of(name):
        assert room_of(imported) in SANDBOX_MAY_IMPORT, f"{name} imports {imported}"
        if room_of(imported) == "models":
            assert imported in SANDBOX_MAY_IMPORT_MODELS, f"{name} imports {imported}"


# The error table quotes the manual, whose messages name fields; the sandbox is the other side of the wire.
SPEAKS_WIRE = {"_wire", "sandbox", "error_codes"}


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) not in SPEAKS_WIRE])
def test_wire_names_live_in_the_wire(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            assert not re.search(r"vtAcc|valAt|isinCode|reqId|respCode|ipAddr|Body\b", node.value), (
                name,
                node.value,
            )


# Who talks over a network beside the transport, and why.
NETWORK_EXCEPTIONS = {
    "koscom_async.client",  # names httpx's transport in its signature
    "koscom_async._fanout.investor",  # as above
    "koscom_async.tokens.redis",  # a store that processes share: redis-py's connection, not the gateway's
    "koscom_async.cli.login.callback",  # where the browser comes back, on loopback
}
NETWORK = r"^\s*(?:import|from) (?:httpx|httpcore|redis|socket|uvicorn)\b|\banyio\.(?:connect|create)_(?:tcp|unix|udp)"


@pytest.mark.parametrize(
    "name", [name for name in MODULES if room_of(name) not in {"_http", "_transport", "sandbox"}]
)
def test_only_the_transport_does_network_io(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert bool(re.search(NETWORK, text, re.MULTILINE)) is (name in NETWORK_EXCEPTIONS)


# anyio's primitives everywhere, but for whom a protocol's callbacks wake, who opens one, and who tells the loops apart.
# anyio's own socket layer costs more than the rest of a call over the fast backend.
ASYNCIO_EXCEPTIONS = {
    "koscom_async._http.event_loop",
    "koscom_async._http.connection",
    "koscom_async._http.dial",
    "koscom_async._http.transport",
}


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) not in {"cli", "sandbox"}])
def test_only_the_fast_backend_knows_asyncio(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert bool(re.search(r"^(?:import|from) asyncio\b", text, re.MULTILINE)) is (name in ASYNCIO_EXCEPTIONS)


@pytest.mark.parametrize("name", MODULES)
def test_only_one_module_knows_the_parser_s_callbacks(name):
    text = MODULES[name].read_text(encoding="utf-8")
    knows = re.search(r"^\s*(?:import|from) httptools\b", text, re.MULTILINE)
    assert bool(knows) is (name == "koscom_async._http.parser")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_owns(name):
    assert ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", MODULES)
def test_no_task_runs_outside_a_task_group(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert not re.search(r"create_task\(|ensure_future\(|run_in_executor\(|asyncio\.gather\(", text)
