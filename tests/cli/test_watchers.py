"""What is seen of a watch: a screen that fits whatever terminal it is on, or plain lines elsewhere."""

import io
import re

from rich.cells import cell_len
from rich.console import Console

from koscom_async import ConnectionFailedError
from koscom_async.cli.views.changes import change_lines
from koscom_async.cli.views.screen import Noted, Screen, no_answer
from koscom_async.cli.watch import LineWatcher, watcher
from tests.cli.portfolio import NOW, account, equity, holdings, read, stranger, today, yesterday
from tests.fake_time import FakeTime
from tests.loops import each


def drawn(screen, *, width=120, height=40):
    console = Console(
        file=io.StringIO(), width=width, height=height, markup=False, highlight=False, emoji=False
    )
    lines = console.render_lines(screen, console.options.update(height=height), pad=False)
    texts = ["".join(segment.text for segment in line) for line in lines]
    assert len(texts) <= height
    assert all(cell_len(text) <= width for text in texts)
    return "\n".join(text.rstrip() for text in texts).rstrip("\n").split("\n")


def screen(answer=None, *, noted=None, **options):
    changed = [Noted(NOW, line) for line in change_lines(today().diff(yesterday()))]
    return Screen(
        interval=60, holdings=answer or today(), noted=changed if noted is None else noted, **options
    )


@each("width", [30, 40, 60, 80, 100, 120, 200])
@each("height", [10, 24, 50])
@each("answer", [yesterday, today])
@each("by", [None, "broker"])
def test_the_screen_fits_and_says_what_does_not(width, height, answer, by):
    lines = drawn(screen(answer(), by=by), width=width, height=height)
    text = "\n".join(lines)
    assert text.startswith("Holdings")
    assert ("INCOMPLETE" in text) is (answer is today)
    assert lines[-1].startswith("… more below") or any("Total USD" in line for line in lines)


def test_totals_and_the_latest_changes_are_always_in_sight():
    lines = drawn(screen(), height=30)
    assert any("09:30:00  unreadable 스타 증권 1606…0099" in line for line in lines)
    assert any(line.startswith("Net worth") for line in lines)
    assert any(re.match(r"… and \d before", line) for line in lines)
    assert lines[-1] == "… more below: 7 positions in all"


def test_nothing_changed_is_said_in_words():
    assert "None so far." in drawn(screen(noted=[]))


def test_no_answer_is_noted_with_the_time_in_korea_as_changes_are(monkeypatch):
    monkeypatch.setattr("koscom_async.cli.views.screen.korean_now", lambda: NOW)
    noted = no_answer(ConnectionFailedError("connection refused"))
    assert any(
        line.startswith(f"{NOW:%H:%M:%S}  no answer this time: ") for line in drawn(screen(noted=[noted]))
    )


def test_the_seconds_are_counted_down():
    time = FakeTime()
    shown = screen(clock=time.clock)
    shown.wait(60)
    assert "again in 60 s; Ctrl-C ends" in drawn(shown)[0]
    time.now = 59.0
    assert "again in 1 s" in drawn(shown)[0]
    time.now = 70.0
    assert "again in 0 s" in drawn(shown)[0]
    shown.ask()
    assert "asking again" in drawn(shown)[0]


def test_thousands_of_positions_are_not_drawn_to_be_cut_off():
    rows = [equity(f"종목 {number}", f"K{number}") for number in range(3000)]
    lines = drawn(screen(holdings(read(account(), equities=rows)), noted=[]), height=40)
    assert (len(lines), lines[-1]) == (40, "… more below: 3,000 positions in all")


def test_an_empty_screen_is_empty():
    assert drawn(Screen(interval=60)) == [""]


def test_what_comes_from_the_network_cannot_steer_the_terminal():
    evil = "\x1b[2J[red]삼성[/red]\r\x9b1m"
    answer = holdings(read(account(stranger(evil), number="123456789012"), equities=[equity(evil)]))
    noted = [Noted(NOW, line) for line in change_lines(answer.diff(holdings()))]
    text = "\n".join(drawn(screen(answer, noted=noted)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "123456789012" not in text


def test_off_a_terminal_each_change_is_a_line_with_its_time(capfdbinary):
    seen = watcher(interval=30, by=None, with_lots=False)
    assert isinstance(seen, LineWatcher)
    with seen:
        seen.began(yesterday())
        seen.waiting(30)
        seen.asking()
        seen.answered(yesterday(), yesterday().diff(yesterday()))
        seen.answered(today(), today().diff(yesterday()))
        seen.failed(ConnectionFailedError("no answer\x1b[2J"))
    out, err = (each.decode() for each in capfdbinary.readouterr())
    lines = out.splitlines()
    assert lines[0] == (
        "2024-05-01 09:30:00 KST  watching 3 accounts, 3 of them read, net worth ₩108,049,907; "
        "asking again every 30 s"
    )
    assert lines[1].startswith("2024-05-02 09:30:00 KST  unreadable 스타 증권 1606…0099: could not be read")
    assert lines[2] == "2024-05-02 09:30:00 KST  new SK하이닉스: 12, worth ₩1,692,000"
    assert lines[-1].startswith("2024-05-02 09:30:00 KST  not read 스타 증권 1606…0099: broker server cannot")
    assert len(lines) == 11
    assert err.startswith("no answer this time: connection: no answer [2J. What to do:")


def test_a_first_answer_that_is_partial_names_the_accounts(capfdbinary):
    LineWatcher(interval=30).began(today())
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert "watching 3 accounts, 2 of them read" in lines[0]
    assert "not read 스타 증권 1606…0099: broker server cannot serve (code 3600, asked 4 times)" in lines[1]
