"""Is this the answer to the question that was asked? Echoes of account and request id, and the response code.

A missing echo is tolerated and noted; a wrong one never: one customer's money must not show up at another's.
"""

from koscom_async._wire.failures import raise_for_code
from koscom_async._wire.scalars import read_text
from koscom_async._wire.shapes import Block, read_field, read_object
from koscom_async.errors import MalformedResponseError, ResponseMismatchError

SUCCESS = "200"


def read_document(document: object) -> Block:
    """Return the answer's outermost object."""
    if not isinstance(document, dict):
        raise MalformedResponseError(f"the answer is a JSON {type(document).__name__}, not an object")
    return document


def check_response_code(document: Block) -> None:
    """Raise the platform's error if the body carries a code other than 200; some answers carry none."""
    resp = read_object(document.get("resp"), "resp")
    code = read_field(resp, "respCode", read_text, "resp")
    if code is not None and code != SUCCESS:
        raise_for_code(code, read_field(resp, "respMsg", read_text, "resp"))


def check_request_id(document: Block, request_id: str, *, strict: bool) -> list[str]:
    """Raise if the answer is to another call; return notes on what could not be checked."""
    echoes = set()
    for name in ("commonHeader", "commHeader"):  # the latter stands once in the documents' tables
        header = read_object(document.get(name), name)
        echoes.add(read_field(header, "reqIdConsumer", read_text, name))
    echoes.discard(None)
    if not echoes:
        return ["the broker did not echo the request id"]
    if echoes == {request_id}:
        return []
    if not strict:
        return ["the broker echoed another request id, which the settings allow"]
    raise ResponseMismatchError("the answer carries another call's request id")


def check_account(document: Block, body: Block, number: str) -> list[str]:
    """Raise if the answer is about another account; the echo stands beside the body block or inside it."""
    echoes = []
    for block, path in ((document, "accInfo"), (body, "body.accInfo")):
        info = read_object(block.get("accInfo"), path)
        echo = read_field(info, "vtAccNo", read_text, path)
        if echo is not None:
            echoes.append(echo)
    if any(echo != number for echo in echoes):
        raise ResponseMismatchError("the answer is about another account")
    return [] if echoes else ["the broker did not echo the account number"]
