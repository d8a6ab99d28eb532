"""A file of investors: what is written is read again, only its owner may open it, and no error shows a value."""

import csv
import stat
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from koscom_async import Device, Investor, SettingsError, Token
from koscom_async.batch import read_investors, write_investors
from tests.client.frames import texts_of

CI = "CIMARK+" + "A" * 79 + "=="
NAMES = ("홍길동", '김 "가", 람', "O'Neil, 존")
DEVICE = Device(ip="123.45.12.34", mac="70:54:D2:7E:E2:99")
MOMENT = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
TOKENS = (
    None,
    Token(access="TOKENMARK-0123"),
    Token(
        access="TOKENMARK-4567",
        refresh="REFRESHMARK-0123",
        expires_at=MOMENT,
        issued_at=MOMENT,
        scope="account",
    ),
)
INVESTORS = [
    (f"고객-{number:05}", Investor(ci=CI, name=name, token=token, device=DEVICE))
    for number, (name, token) in enumerate(zip(NAMES, TOKENS, strict=True))
]
ROW = {"key": "A17", "ci": CI, "name": "홍길비밀", "ip": DEVICE.ip, "mac": DEVICE.mac}
SECRETS = (CI, "홍길비밀", "TOKENMARK", "REFRESHMARK", DEVICE.ip, DEVICE.mac, "WRONGMARK")


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".parquet"])
def test_what_is_written_is_read_again_and_is_its_owners(tmp_path, suffix):
    path = tmp_path / f"investors{suffix}"
    path.touch(mode=0o644)
    write_investors(path, iter(INVESTORS))
    assert list(read_investors(path)) == INVESTORS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_file_that_others_make_is_read_whatever_the_order_of_its_columns(tmp_path):
    path = written(tmp_path, dict(reversed(ROW.items())), prefix="\ufeff", suffix="\n\n")
    ((key, investor),) = read_investors(str(path))
    assert (key, investor.name, investor.token, investor.device) == ("A17", "홍길비밀", None, DEVICE)
    table = pa.table({**{name: [value] for name, value in ROW.items()}, "key": [17], "access_token": ["TOKENMARK"],
                      "expires_at": pa.array([MOMENT], pa.timestamp("ms", "Asia/Seoul"))})  # fmt: skip
    pq.write_table(table, tmp_path / "theirs.parquet")
    ((key, investor),) = read_investors(tmp_path / "theirs.parquet")
    assert (key, investor.token) == ("17", Token(access="TOKENMARK", expires_at=MOMENT))


def written(folder: Path, *rows: dict[str, str], prefix: str = "", suffix: str = "") -> Path:
    path = folder / "investors.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(prefix)
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        file.write(suffix)
    return path


WRONG = {
    "line 2, column key: must be printable text of at most 500 characters": {"key": " "},
    "line 2, column key: must be printable text of at most 500": {"key": "WRONGMARK" * 56},
    "line 2, column ci: Investor.ci must have 88 characters (64 bytes in base64), got 9": {"ci": "WRONGMARK"},
    "line 2, column name is empty": {"name": ""},
    "line 2, column ci, column ip are empty": {"ci": "", "ip": ""},
    "line 2, column ip: Device.ip must be an IPv4 address": {"ip": "WRONGMARK"},
    "line 2, column mac: Device.mac must be a MAC address": {"mac": "WRONGMARK"},
    "line 2, column access_token: Token.access must be ASCII": {"access_token": "WRONGMARK 비밀"},
    "line 2, column access_token: Token.access is missing or empty": {"refresh_token": "WRONGMARK"},
    "line 2, column expires_at: Token.expires_at must be a datetime with a time zone": {
        "access_token": "TOKENMARK", "expires_at": "WRONGMARK",
    },
    "line 2, column issued_at: Token.issued_at must be a datetime with a time zone": {
        "access_token": "TOKENMARK", "issued_at": "2026-11-05",
    },
    "unknown column phone: known are key, ci, name, ip, mac, access_token": {"phone": "WRONGMARK"},
}  # fmt: skip


def test_what_is_wrong_is_named_by_line_and_column_and_never_shown(tmp_path):
    for text, change in WRONG.items():
        path = written(tmp_path, ROW | change)
        assert refused(path).startswith(f"{path}: {text}"), text
    for column in ROW:
        path = written(tmp_path, {name: value for name, value in ROW.items() if name != column})
        assert refused(path) == f"{path}: there is no column {column}"


CONTENTS = {
    b"": "there is no column key, ci, name, ip, mac",
    b"key,ci,name,ip,mac,ci\n": "a column comes twice",
    b"key,ci,name,ip,mac\nA,WRONGMARK\n": "line 2 has 2 values, the header 5",
    b'key,ci,name,ip,mac\n"A"WRONGMARK,B\n': "cannot be read: it is no csv file",
    "key,ci,name,ip,mac\nA,WRONGMARK,홍길동".encode("cp949"): "is not UTF-8; Excel calls it CSV UTF-8",
}


def test_a_file_that_is_none_is_refused_in_one_line(tmp_path):
    for content, text in CONTENTS.items():
        path = tmp_path / "investors.csv"
        path.write_bytes(content)
        assert refused(path).replace(": ", " ", 1).startswith(f"{path} {text}".replace(": ", " ", 1)), text
    parquet = tmp_path / "investors.parquet"
    parquet.write_bytes(b"WRONGMARK")
    assert refused(parquet) == f"{parquet} cannot be read: it is no parquet file"
    assert (
        refused(tmp_path / "none.csv") == f"{tmp_path / 'none.csv'} cannot be read: No such file or directory"
    )
    assert refused(tmp_path / "some.txt") == f"{tmp_path / 'some.txt'}: the name must end in .csv or .parquet"


def refused(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        list(read_investors(path))
    shown = "\n".join(texts_of(caught.value))
    assert not [secret for secret in SECRETS if secret in shown], shown
    return str(caught.value)


def test_a_good_row_before_a_wrong_one_is_read(tmp_path):
    rows = read_investors(written(tmp_path, ROW, ROW | {"key": "A18", "ip": "WRONGMARK"}))
    assert next(rows)[0] == "A17"
    with pytest.raises(SettingsError, match="line 3, column ip"):
        next(rows)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    def failing():
        yield INVESTORS[0]
        yield "", INVESTORS[1][1]

    path = tmp_path / "investors.csv"
    with pytest.raises(SettingsError, match="column key"):
        write_investors(path, failing())
    with pytest.raises(SettingsError, match="cannot be written: No such file"):
        write_investors(tmp_path / "none" / "investors.csv", INVESTORS)
    with pytest.raises(SettingsError, match=r"must end in \.csv or \.parquet"):
        write_investors(tmp_path / "investors.xlsx", INVESTORS)
    assert list(tmp_path.iterdir()) == []
