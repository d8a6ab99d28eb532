"""Imports point down and never in a circle, wire names stay in the wire, the sandbox stands apart.

Each rule is one test over all files: it lists what breaks it, and the list must be empty.
"""

import ast
import importlib
import inspect
import re
from graphlib import TopologicalSorter

from tests.source import MODULES, modules

# From the ground up: a room may import what stands above it in this list, and its own modules.
ROOMS = (
    "_lazy",
    "_masking",
    "_decimals",
    "_record",
    "_identifiers",
    "_hints",
    "_clock",
    "_cooperative",
    "_files",
    "_http",
    "errors",
    "error_codes",
    "brokers",
    "settings",
    "models",
    "export",
    "observer",
    "tokens",
    "_wire",
    "_transport",
    "_services",
    "_merge",
    "_fanout",
    "client",
    "notebook",
    "__init__",
    "sandbox",
    "integrations",
    "batch",
    "cli",
    "__main__",
)

# What is loaded when it is first used: the client's parts, and the exports, which import the records that reach them.
WAY_OUT = "koscom_async._lazy"

# The sandbox judges the client, so it may know the facts that both share, and nothing of the client's work.
SANDBOX_MAY_IMPORT = {"_hints", "brokers", "error_codes", "settings", "models", "sandbox"}
SANDBOX_MAY_IMPORT_MODELS = {"koscom_async.models.investor"}


def test_every_room_is_on_the_map():
    assert {module.room for module in modules()} == set(ROOMS)


def test_no_import_is_relative():
    wrong = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in module.nodes
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


def test_imports_point_down():
    place = {room: number for number, room in enumerate(ROOMS)}
    wrong = [
        f"{module.name} imports {imported}"
        for module in modules()
        if module.name != WAY_OUT
        for imported in module.imports
        if place[MODULES[imported].room] > place[module.room]
    ]
    assert wrong == []


def test_there_is_no_import_cycle():
    graph = {name: module.imports - {name} for name, module in MODULES.items() if name != WAY_OUT}
    order = tuple(TopologicalSorter(graph).static_order())
    assert set(order) >= set(MODULES)


def test_the_sandbox_imports_nothing_of_the_client():
    wrong = [
        f"{module.name} imports {imported}"
        for module in modules()
        if module.room == "sandbox"
        for imported in module.imports
        if (room := MODULES[imported].room) not in SANDBOX_MAY_IMPORT
        or (room == "models" and imported not in SANDBOX_MAY_IMPORT_MODELS)
    ]
    assert wrong == []


# The error table quotes the manual, whose messages name fields; the sandbox is the other side of the wire.
SPEAKS_WIRE = {"_wire", "sandbox", "error_codes"}
WIRE_NAMES = re.compile(r"vtAcc|valAt|isinCode|reqId|respCode|ipAddr|Body\b")


def test_wire_names_live_in_the_wire():
    wrong = []
    for module in modules(outside=SPEAKS_WIRE):
        docstrings = {
            id(node.value)
            for node in module.nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        wrong += [
            f"{module.name}:{node.lineno} {node.value!r}"
            for node in module.nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            if WIRE_NAMES.search(node.value)
        ]
    assert wrong == []


def knowing(pattern, *, outside=()):
    """The modules in whose text the pattern is found."""
    found = re.compile(pattern, re.MULTILINE)
    return {module.name for module in modules(outside=outside) if found.search(module.text)}


# What talks over a network beside the transport, and why.
NETWORK_EXCEPTIONS = {
    "koscom_async._lazy",  # names httpx's transport, for the client's signature
    "koscom_async.tokens.redis",  # a store that processes share: redis-py's connection, not the gateway's
    "koscom_async.cli.callback",  # where the browser comes back, on loopback
    "koscom_async.cli.demo.server",  # serves a page, on loopback
}
NETWORK = r"^\s*(?:import|from) (?:httpx|httpcore|redis|socket|uvicorn)\b|\banyio\.(?:connect|create)_(?:tcp|unix|udp)"


def test_only_the_transport_does_network_io():
    assert knowing(NETWORK, outside={"_http", "_transport", "sandbox"}) == NETWORK_EXCEPTIONS


# anyio's primitives everywhere, but for what a protocol's callbacks wake, what opens one, and what tells the loops
# apart. anyio's own socket layer costs more than the rest of a call.
ASYNCIO_EXCEPTIONS = {
    "koscom_async._http.connection",
    "koscom_async._http.dial",
    "koscom_async._http.transport",
    "koscom_async._transport.backend",
}


def test_only_the_connections_know_asyncio():
    assert knowing(r"^(?:import|from) asyncio\b", outside={"cli", "sandbox"}) == ASYNCIO_EXCEPTIONS


PARSERS = {"h11": "koscom_async._http.h11_parser", "httptools": "koscom_async._http.llhttp_parser"}


def test_only_one_module_knows_each_parser():
    for library, module in PARSERS.items():
        assert knowing(rf"^\s*(?:import|from) {library}\b", outside={"sandbox"}) == {module}


def test_the_http_stack_knows_nothing_of_koscom():
    for module in modules():
        if module.room == "_http":
            assert {MODULES[name].room for name in module.imports} <= {"_http"}, module.name


def test_every_module_says_what_it_owns():
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def test_no_task_runs_outside_a_task_group():
    assert knowing(r"create_task\(|ensure_future\(|run_in_executor\(|asyncio\.gather\(") == set()


FOREIGN = "httpx|httpcore|h11|anyio|httptools"
PRIVATE_MODULE = re.compile(rf"\b(?:{FOREIGN})(?:\.\w+)*\._[a-z]")


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def names_of_ours():
    """Every name that the package itself gives to anything."""
    given = set()
    for module in modules():
        for node in module.nodes:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    given.add(node.name)
                case ast.Attribute(ctx=ast.Store()):
                    given.add(node.attr)
                case ast.Name(ctx=ast.Store()):
                    given.add(node.id)
                case ast.arg():
                    given.add(node.arg)
    return given | {"_value2member_map_"}  # the enum module documents it


def private_attribute(node):
    """The private name that an expression reads or writes, if it does."""
    match node:
        case ast.Attribute(attr=name) if is_private(name):
            return name
        case ast.Call(func=ast.Name(id="getattr" | "setattr" | "hasattr" | "delattr"), args=[_, second, *_]):
            if isinstance(second, ast.Constant) and is_private(str(second.value)):
                return second.value
    return None


def private_names_of_bases(class_node):
    """The private names that the methods of a class's foreign bases use, where it has such bases."""
    used = set()
    for base in class_node.bases:
        match base:
            case ast.Attribute(value=ast.Name(id=library), attr=name) if re.fullmatch(FOREIGN, library):
                for kind in getattr(importlib.import_module(library), name).__mro__:
                    methods = filter(inspect.isfunction, vars(kind).values())
                    used |= {
                        each for method in methods for each in method.__code__.co_names if is_private(each)
                    }
    return used


def test_no_private_part_of_the_http_libraries_is_touched():
    ours, wrong = names_of_ours(), []
    for module in modules(outside={"sandbox"}):
        for node in module.nodes:
            where = f"{module.name}:{getattr(node, 'lineno', 0)}"
            if (name := private_attribute(node)) and name not in ours:
                wrong.append(f"{where} touches {name}")
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and PRIVATE_MODULE.search(node.value)
            ):
                wrong.append(f"{where} names {node.value}")
            if isinstance(node, ast.Import | ast.ImportFrom) and PRIVATE_MODULE.search(ast.unparse(node)):
                wrong.append(f"{where} imports privately")
            if isinstance(node, ast.ClassDef) and (theirs := private_names_of_bases(node)):
                used = {private_attribute(each) for each in ast.walk(node)} & theirs
                wrong += [f"{where} shares {name} with its base" for name in used]
    assert wrong == []


# Where a record is changed after it was frozen, for speed.
CHANGES_FROZEN_RECORDS = {
    "koscom_async.models._fields",
}


def test_a_frozen_record_is_frozen_but_for_one_module():
    found = knowing(r"\.__class__ = |\.__set__\b|\bobject\.__setattr__\b", outside={"sandbox"})
    assert found == CHANGES_FROZEN_RECORDS
