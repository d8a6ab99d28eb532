"""The same test over each backend: `@pytest.mark.usefixtures("backend")`, and settings made by `impatient`."""

from attrs import define

from koscom_async.settings import Backend

BACKENDS = (Backend.CORE, Backend.FAST)


@define
class Choice:
    """What `impatient` gives to its settings; the fixture `backend` changes it for a test."""

    backend: Backend = Backend.AUTO


CHOICE = Choice()
