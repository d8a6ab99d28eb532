"""A catalogue of one's own: adds or completes operations, and says what is wrong with it."""

import copy
import json

import httpx
import pytest

from koscom_async import Koscom, SettingsError, UsageError
from koscom_async._wire.catalogue.checking import complaints
from koscom_async._wire.catalogue.loading import own_document
from koscom_async._wire.catalogue.operations import Operations
from tests.client.fake_gateway import settings_of

ORDERS = {
    "fields": {"ordNo": {"name": "order_id", "kind": "text", "ko": "주문번호"}},
    "parameters": {
        "quantity": {"kind": "number", "place": "body", "wire": "order.qty", "required": True},
        "account": {
            "kind": "digits",
            "place": "body",
            "wire": "order.accNo",
            "required": True,
            "secret": True,
        },
        "broker": {"kind": "broker", "place": "path", "required": True},
    },
    "shapes": {"order": {"rows": "result", "row": ["ordNo"], "one": True}},
    "operations": {
        "orders.place": {
            "method": "POST",
            "scheme": "basic",
            "paths": {"*": "/v1/{broker}/order/new"},
            "parameters": ["broker", "quantity", "account"],
            "shape": "order",
        }
    },
}


def changed(path, value):
    document = copy.deepcopy(ORDERS)
    *parts, last = path
    block = document
    for part in parts:
        block = block[part]
    block[last] = value
    return document


def with_parameter(**facts):
    """The file with another parameter of its operation."""
    document = changed(("parameters", "other"), facts)
    document["operations"]["orders.place"]["parameters"] = ["quantity", "account", "broker", "other"]
    return document


def with_range(since, until, **facts):
    """The file with an operation that is asked in windows."""
    document = changed(("parameters", "first"), {"name": "since", "kind": since, "place": "body"})
    document["parameters"]["last"] = {"name": "until", "kind": until, "place": "body"}
    place = document["operations"].pop("orders.place")
    parameters = ["broker", "first", "last"]
    document["operations"]["firm.rows"] = {**place, "parameters": parameters, "window": {"*": 5}, **facts}
    return document


def saved(folder, document):
    path = folder / "orders.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_our_own_is_right():
    document = own_document()
    assert list(complaints(document, document)) == []


async def test_a_firm_completes_what_no_public_document_describes(tmp_path):
    seen = []

    def answer(request):
        seen.append(request)
        return (
            httpx.Response(503) if len(seen) > 1 else httpx.Response(200, json={"result": {"ordNo": "A-1"}})
        )

    document = copy.deepcopy(ORDERS)
    document["operations"]["bccard.sectors"] = {**document["operations"]["orders.place"], "repeatable": False}
    settings = settings_of(catalogue=saved(tmp_path, document))
    async with Koscom(settings, transport=httpx.MockTransport(answer)) as koscom:
        place = koscom.operations["orders.place"]
        assert (place.missing, place.title_ko, place.repeatable) == ((), "신규주문", False)
        with pytest.raises(UsageError, match="method of its own"):  # it keeps the rules of orders
            await koscom.ask(place, broker="samsung", quantity=10, account="12345678901")
        asked = koscom.operations["bccard.sectors"]
        assert (asked.missing, asked.repeatable) == ((), False)
        placed = await koscom.ask(asked, broker="samsung", quantity=10, account="12345678901")
    assert placed.one.order_id == "A-1"
    (request,) = seen
    assert str(request.url) == "https://gateway.example/v1/samsung/order/new"
    assert json.loads(request.content) == {"order": {"qty": "10", "accNo": "12345678901"}}
    assert request.headers["authorization"].startswith("Basic ")
    assert koscom.statistics().of("samsung").calls == 1


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ({"operation": {}}, "unknown part 'operation'"),
        ({"fields": {"a": 1}}, "fields.a must be an object"),
        (changed(("operations", "orders.place", "url"), "x"), "unknown key 'url'"),
        (changed(("operations", "orders.place", "method"), "FETCH"), "method must be one of"),
        (changed(("operations", "orders.place", "scheme"), "none"), "scheme must be one of"),
        (
            changed(("operations", "orders.place", "paths", "*"), "https://evil.example/x"),
            "one of the gateway's",
        ),
        (changed(("operations", "orders.place", "paths", "*"), "/v1/order/new"), "other parameters"),
        (
            changed(("operations", "orders.place", "parameters"), ["broker", "price"]),
            "'price' is not among the parameters",
        ),
        (changed(("operations", "orders.place", "shape"), "odd"), "shape must be one of the shapes"),
        (
            changed(("operations", "orders.place", "available_from"), "8 o'clock"),
            "available_from must be an hour",
        ),
        (changed(("operations", "orders.place", "window"), {"*": 0}), "window must give"),
        (changed(("operations", "Orders"), {}), "must be named"),
        (changed(("parameters", "account", "place"), "query"), "is secret"),
        (changed(("parameters", "account", "kind"), "phone"), "kind must be one of"),
        (changed(("parameters", "account", "values"), {"a": 1}), "must map words"),
        (changed(("fields", "ordNo", "kind"), "number"), "kind must be one of"),
        (changed(("fields", "ordNo", "name"), "Order No"), "name must be"),
        (changed(("fields", "ordNo", "unit"), 0), "unit must be"),
        (changed(("shapes", "order", "rows"), None), "rows must be text"),
        ({"shapes": {"order": {}}}, "rows must say"),
        (changed(("shapes", "order", "success"), ["code"]), "success must have a field"),
        (changed(("shapes", "order", "row"), ["odd"]), "'odd' is not among the fields"),
        (changed(("shapes", "order", "row"), "odd"), "row must be a list of texts"),
        (changed(("shapes", "order", "row"), [{}]), "row must be a list of texts"),
        (changed(("shapes", "order", "as"), {"a": 5}), "as.a must be an object"),
        (changed(("operations", "orders.place", "parameters"), 5), "parameters must be a list of texts"),
        (changed(("operations", "orders.place", "title"), 5), "title must be text"),
        (
            changed(("operations", "orders.place", "rows_per_call"), True),
            "rows_per_call must be a whole number",
        ),
        (changed(("operations", "orders.place", "window"), []), "window must be an object"),
        (changed(("operations", "orders.place", "repeatable"), "no"), "repeatable must be true or false"),
        ({"operations": {"orders.place": 5}}, "orders.place must be an object"),
        (with_parameter(found_by="nothing", place="body"), "found by 'nothing', which is not among"),
        (changed(("operations", "orders.place", "needs"), ["price"]), "'price', which it needs"),
        (changed(("operations", "orders.place", "one_of"), ["price"]), "'price', which it needs"),
        (changed(("operations", "orders.place", "v2_shape"), "odd"), "v2_shape must be one of the shapes"),
        (changed(("operations", "orders.place", "method"), "GET"), "is a GET, which has no body"),
        (changed(("operations", "orders.place", "paths", "*"), "/v1/../{broker}"), "one of the gateway's"),
        (with_parameter(place="body", wire="order.qty"), "sent in one place"),
        (with_parameter(place="body", wire="order.qty.x"), "sent in one place"),
        (with_parameter(place="body", wire="order..x"), "wire must be a name"),
        (with_parameter(place="body", name="quantity", wire="x"), "two parameters of one name"),
        (changed(("parameters", "broker", "kind"), "text"), "is part of a path"),
        (changed(("parameters", "broker"), {"kind": "broker", "place": "path"}), "is part of a path"),
        (changed(("parameters", "broker"), {"fixed": "../x?y", "place": "path"}), "is part of a path"),
        (changed(("fields", "ordNo", "unit"), 1000), "unit is for the kinds"),
        (with_range("text", "text", repeatable=True), "must both be dates, or both times"),
        (with_range("date", "time", repeatable=True), "must both be dates, or both times"),
        (with_range("date", "date", repeatable=False), "is sent once"),
        ('{"fields": {"a": {"name": "a"}, "a": {"name": "b"}}}', "has 'a' twice in one object"),
        ({"fields": {"trdPrc": {"name": "last"}}}, "fields.trdPrc is the package's own"),
        (
            {"parameters": {"since": {"kind": "date", "place": "body"}}},
            "parameters.since is the package's own",
        ),
        (
            {"shapes": {"market.stocks.price": {"rows": "x"}}},
            "shapes.market.stocks.price is the package's own",
        ),
        (
            {"operations": {"market.stocks.price": {"shape": "market.stocks.lists"}}},
            "operations.market.stocks.price.shape is the package's own",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, document, words):
    settings = settings_of(catalogue=saved(tmp_path, document))
    with pytest.raises(SettingsError, match=words) as caught:
        Koscom(settings)
    assert caught.value.setting == "catalogue"
    assert "orders.json" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        Koscom(settings_of(catalogue=tmp_path / "none.json"))


def test_operations_are_found_by_a_word():
    operations = Operations()
    assert {each.name for each in operations.find("공매도")} >= {"market.stocks.shortsell"}
    assert {each.name for each in operations.find("thecheat")} == {"thecheat.fraudsearch"}
    assert operations.find("no such thing") == ()
    assert len(operations.find("")) == len(operations)
