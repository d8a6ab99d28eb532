"""What no error may repeat from an answer: everything that a question carried and that is somebody's secret."""

from koscom_async._wire.requests import device_block
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings


def secrets_of(
    settings: Settings, investor: Investor, account: VirtualAccount | None = None
) -> tuple[str, ...]:
    """Return the texts, also in the spelling in which they travel."""
    return (
        *investor.secrets,
        *device_block(investor.device).values(),
        settings.api_key,
        settings.api_secret,
        *((account.number,) if account is not None else ()),
    )
