"""How answers are changed: documents, their bytes, or whole replies; and the worlds whose answers are changed."""

import copy
import re

from hypothesis import strategies as st

from tests.client.fake_gateway import CODES
from tests.fuzz.answers import (
    CLASSES,
    HELD,
    PLACES,
    STYLES,
    SUMMARY,
    Broker,
    World,
    accounts,
    balance_answers,
    written,
)
from tests.fuzz.reference import REQUEST_ID

JUNK = (
    None, True, False, 0, -1, 7, 1e400, 0.1, "", "null", "x", "NaN", "1,234", "-0", "0200", "200.0", "1" * 40, "１２",
    "ＫＲ７００５９３０００３", "\ud800", [], {}, [None], [{}], ["5"], {"a": 5}, [[[]]], "KR7000660001", "FUND", "K1", "99999999",
)  # fmt: skip
SLIPS = (
    lambda name: name[1:],
    lambda name: name[:-1],
    lambda name: name.upper(),
    lambda name: name[:2] + "x" + name[2:],
    lambda name: "x" * len(name),
    lambda name: {"cashBalInfo": "cachBalInfo", "queryResult": "queryRequest"}.get(name, f" {name}"),
)
PIECES = (
    b"",
    b",",
    b"}",
    b"]",
    b'"',
    b"0",
    b"e9",
    b"-",
    b"NaN",
    b"\xff",
    b"\\ud800",
    b" ",
    b"null",
    b"[" * 200,
)
REPLIES = (
    (200, b""), (200, b"null"), (200, b"[]"), (200, b"<html>\xec\xa0\x90\xea\xb2\x80</html>"), (500, b"{}"), (204, b""),
    (200, b'{"category": "op-exco", "code": 3005, "message": "network timeout"}'), (401, b'{"message": "Unauthorized"}'),
    (200, b'{"resp": {"respCode": "9999", "respMsg": "x"}}'), (429, b'{"message": "API rate limit exceeded"}'),
)  # fmt: skip


def spots(value):
    """Yield every place in a document: a container, and a key in it."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, each in list(entries):
        yield value, key
        yield from spots(each)


def set_junk(document, place, choice):
    box, key = place
    box[key] = copy.deepcopy(JUNK[choice % len(JUNK)])


def delete(document, place, choice):
    box, key = place
    del box[key]


def rename(document, place, choice):
    box, key = place
    if isinstance(box, dict):
        slip = SLIPS[choice % len(SLIPS)](key)
        content = {slip if each == key else each: value for each, value in box.items()}
        box.clear()
        box.update(content)


def repeat(document, place, choice):
    box, key = place
    if isinstance(box, list):
        box.insert(choice % (len(box) + 1), copy.deepcopy(box[key]))
    else:
        box[f"{key}2" if choice % 2 else "x"] = copy.deepcopy(box[key])


def wrap(document, place, choice):
    box, key = place
    value = box[key]
    box[key] = value[0] if isinstance(value, list) and len(value) == 1 else [value]


def copy_over(document, place, choice):
    """Put a value where another one stands."""
    box, key = place
    other, name = [*spots(document)][choice % sum(1 for _ in spots(document))]
    if other[name] != REQUEST_ID:  # which is another one in each request
        box[key] = copy.deepcopy(other[name])


def swap(document, place, choice):
    box, key = place
    if isinstance(box, list):
        other = choice % len(box)
        box[key], box[other] = box[other], box[key]


CHANGES = (set_junk, set_junk, delete, rename, repeat, wrap, copy_over, swap)


def cut(body, at, choice):
    return body[:at]


def put(body, at, choice):
    piece = PIECES[choice % len(PIECES)]
    return body[:at] + piece + body[at + choice % 3 :]


def repeat_key(body, at, choice):
    """Give a member a second time, with another value, in front of itself or behind."""
    found = [*re.finditer(rb'"\w+": ("[^"]*"|[-\d.eE+]+|null)', body)]
    if not found:
        return body
    member = found[at % len(found)]
    name = member[0].partition(b":")[0]
    again = b"%b: %b" % (name, (b"8", b'"9"', b"null", member[1])[choice % 4])
    both = (member[0] + b", " + again) if choice % 2 else (again + b", " + member[0])
    return body[: member.start()] + both + body[member.end() :]


TEXT_CHANGES = (cut, put, put, repeat_key)

mutations = st.tuples(
    st.integers(0, 40),  # which answer
    st.sampled_from(("document", "document", "document", "text", "reply", "other answer")),
    st.integers(0, 7),  # which change
    st.integers(0, 400),  # where
    st.integers(0, 60),  # what
)


def mutate(brokers, changes):
    """Change the brokers' answers, make replies of documents, and return what was changed."""
    done = []
    found = [(broker, question) for broker in brokers for question in broker.answers]
    texts = []
    for which, level, how, where, what in changes:
        broker, question = found[which % len(found)]
        document = broker.answers[question]
        if level == "document" and isinstance(document, dict):
            found_spots = [*spots(document)]
            if found_spots:
                change = CHANGES[how % len(CHANGES)]
                box, key = found_spots[where % len(found_spots)]
                done.append((broker.name, *question, change.__name__, key, what))
                change(document, (box, key), what)
        elif level == "other answer" and isinstance(document, dict):
            other, of = found[where % len(found)]
            done.append((broker.name, *question, "is that of", other.name, *of))
            broker.answers[question] = copy.deepcopy(other.answers[of])
        elif level == "reply":
            done.append((broker.name, *question, "is", REPLIES[what % len(REPLIES)]))
            broker.answers[question] = REPLIES[what % len(REPLIES)]
        elif level == "text":
            texts.append((broker, question, TEXT_CHANGES[how % len(TEXT_CHANGES)], where, what))
    for broker in brokers:
        broker.answers = {
            each: answer if isinstance(answer, tuple) else (200, written(answer))
            for each, answer in broker.answers.items()
        }
    for broker, question, change, where, what in texts:
        status, body = broker.answers[question]
        body = change(body, where * max(len(body), 1) // 401 if change is not repeat_key else where, what)
        broker.answers[question] = status, body
        done.append((broker.name, *question, change.__name__, where, what))
    return done


@st.composite
def worlds(draw, service=balance_answers):
    """Any accounts, sound or with some mutations."""
    chosen = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=2, unique=True))
    takes_all = {name: draw(st.sampled_from((True, True, False))) for name, _ in sorted(chosen)}
    brokers = [draw(accounts(name, number, service, takes_all=takes_all[name])) for name, number in chosen]
    changes = draw(st.lists(mutations, max_size=2))
    return World(brokers, mutate(brokers, changes))


@st.composite
def linked_lists(draw):
    """A list of linked accounts, sound or with some mutations, as the answer of one broker that is none."""
    chosen = draw(st.lists(st.sampled_from(PLACES), max_size=3))
    listed_ = [
        {
            "comId": CODES[name],
            "vtAccNo": number,
            "vtAccAlias": "내 계좌",
            "endpoint": f"https://x/v1/{name}/account/",
        }
        for name, number in chosen
    ]
    ends = draw(st.sampled_from(("20991231", "20200101", None, "99999999")))
    broker = Broker("common", "", takes_all=False)
    broker.answers["", ""] = {"vtAccList": listed_, "serviceTermsExpireDate": ends}
    return World([broker], mutate([broker], draw(st.lists(mutations, max_size=2))))


@st.composite
def bodies(draw):
    """One body that was cut, or of which some bytes are others."""
    broker = Broker("star", "160646584478700099", takes_all=True)
    balance_answers(broker, {kind: draw(HELD[kind]) for kind in CLASSES}, SUMMARY, draw(STYLES))
    body = written(broker.answers["ALL", ""])
    for change, at, what in draw(st.lists(text_changes, min_size=1, max_size=3)):
        body = change(body, at * max(len(body), 1) // 401, what)
    return body


text_changes = st.tuples(st.sampled_from(TEXT_CHANGES), st.integers(0, 400), st.integers(0, 60))
