"""JSON texts as some machine might write them, whole and broken, for every reader of JSON."""

import json

from hypothesis import strategies as st

from koscom_async.errors import MalformedResponseError

# What looks like a boundary between rows, and is none.
texts = st.sampled_from(
    ["", "x", "a,b", '},{"a":', "],[", "\\", '"', "삼성전자", "\ud800", "\n", "},"]
) | st.text(max_size=5)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.sampled_from([-12.9, 245400.0, 1e10, 1e300, 0.0, -0.0])
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("abc") | texts, inner, max_size=4)
    ),
    max_leaves=20,
)
rows = st.lists(st.fixed_dictionaries({"a": scalars, "b": scalars, "c": values}), min_size=1, max_size=25)
documents = (
    values
    | rows
    | st.fixed_dictionaries({"head": values, "list": st.fixed_dictionaries({"rows": rows}), "tail": values})
)
separators = st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", "\t: ")])


@st.composite
def bodies(draw):
    """A document as some machine would write it."""
    text = json.dumps(draw(documents), ensure_ascii=draw(st.booleans()), separators=draw(separators))
    return text.encode("utf-8", "surrogatepass")


@st.composite
def broken_bodies(draw):
    """A document that was cut, or of which some bytes are others."""
    body = draw(bodies())
    at = draw(st.integers(0, len(body)))
    gone = draw(st.integers(0, 3) | st.just(len(body)))
    put = draw(
        st.sampled_from(
            [b"", b",", b"}", b"]", b"{", b"[", b'"', b":", b"0", b" ", b"NaN", b"\xff", b"1E999", b"\\u"]
        )
    )
    return body[:at] + put + body[at + gone :]


def outcome(read):
    """What comes of reading: the value with its types, or the error's words."""
    try:
        return repr(read())
    except MalformedResponseError as error:
        return str(error)
