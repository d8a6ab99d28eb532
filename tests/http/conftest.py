"""Every test here holds for both parsers, with the same assertions."""

import pytest

from koscom_async._http.h11_parser import H11Parser
from koscom_async._http.llhttp_parser import LlhttpParser
from tests.http import scripted


@pytest.fixture(params=[H11Parser, LlhttpParser], ids=["h11", "llhttp"], scope="module", autouse=True)
def parser(request):
    """Which parser reads the responses; it is what `scripted.opened` takes, too."""
    scripted.PARSER[:] = [request.param]
    return request.param
