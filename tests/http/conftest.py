"""Every test here holds for both parsers, with the same assertions."""

import pytest

from koscom_async._http.h11_parser import H11Response
from koscom_async._http.llhttp_parser import LlhttpResponse
from tests.http import scripted


@pytest.fixture(params=[H11Response, LlhttpResponse], ids=["h11", "llhttp"], scope="module", autouse=True)
def parser(request):
    """Which parser reads the responses; it is what `scripted.opened` takes, too."""
    scripted.PARSER[:] = [request.param]
    return request.param
