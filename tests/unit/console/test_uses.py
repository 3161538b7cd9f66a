# SPDX-License-Identifier: Apache-2.0
"""*Uses and refusals*: the end of the audit log, filtered, summed by rule, and never markup."""

import json
from pathlib import Path
from typing import Any

import pytest

from openstackoid.bridge.audit.reading import read_line
from openstackoid.console import uses
from openstackoid.console.errors import ConsoleError
from openstackoid.console.uses import TAIL, Asked, Tail, uses_view
from unit.bridge.stage import played
from unit.console.seen import LOG_IN, MARKUP, Watched, console

ADA = {"id": "7d3a1f", "name": "ada", "domain": "Default"}


def line(number: int = 0, **more: Any) -> dict[str, Any]:
    texts = {
        "gateway": "CloudOne",
        "home": "CloudTwo",
        "cloud": "CloudOne",
        "service": "image",
        "method": "GET",
        "path": "/v2/images",
    }
    common = {
        "time": f"2026-11-24T16:00:{number % 60:02}.000Z",
        "direction": "in",
        "user": ADA,
        "project": None,
        "source": "10.0.0.1",
    }
    ending = {"rule": "CloudTwo/staff", "outcome": "allowed", "status": 200, "reason": None, "request_id": None}
    return {**common, **texts, **ending, **more}


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    return path


REFUSED = line(1, outcome="refused", status=403, rule=None, reason="no entry is for this user", user={"id": "b", "name": "bob"})
OUT = line(2, direction="out", home="CloudOne", cloud="CloudThree", outcome="failed", status=503, rule=None, user=None)
SUM = line(3, outcome="refused", status=401, rule=None, user=None, count=4711)
LINES = [line(), REFUSED, OUT, SUM]


def test_the_newest_line_is_the_first(tmp_path: Path) -> None:
    view = uses_view(Tail(written(tmp_path / "audit.log", LINES)).read(), Asked())
    assert [use.time[-6:] for use in view.page.rows] == ["03.000", "02.000", "01.000", "00.000"]
    assert [(use.direction, use.cloud) for use in view.page.rows[:2]] == [("from", "CloudTwo"), ("to", "CloudThree")]
    assert (view.page.rows[0].user, view.page.rows[3].user) == ("a user of CloudTwo", "ada (Default)")
    assert view.since == "2026-11-24T16:00:00.000Z"


def test_rules_are_summed_the_most_refused_first(tmp_path: Path) -> None:
    rules = uses_view(Tail(written(tmp_path / "audit.log", LINES)).read(), Asked()).rules
    assert [(row.cloud, row.rule, dict(row.counts)) for row in rules] == [
        ("CloudTwo", "", {"refused": 4712}),
        ("CloudTwo", "CloudTwo/staff", {"allowed": 1}),
    ]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"outcome": "refused"}, 2),
        ({"direction": "out"}, 1),
        ({"cloud": "CloudThree"}, 1),
        ({"who": "bob"}, 1),
        ({"who": "7d3a1f"}, 1),
        ({"who": "CloudTwo/staff"}, 1),
        ({"request_id": "req-x"}, 0),
        ({"outcome": "nonsense"}, 4),
    ],
)
def test_lines_are_filtered(asked: dict[str, str], number: int) -> None:
    assert uses_view(LINES, Asked.of(asked)).page.total == number


def test_the_end_of_a_long_log_is_read_without_a_cut_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text(("x" * 99 + "\n") * (TAIL // 100) + "".join(f"{json.dumps(line(number))}\n" for number in range(7)))
    assert len(Tail(path).read()) == 7
    path.write_text(json.dumps(line()) * 2 + "\n" + json.dumps(line())[:50])
    assert len(Tail(path).read()) == 1


def test_a_line_is_read_once_and_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str) -> Any:
        read.append(text)
        return read_line(text)

    monkeypatch.setattr(uses, "read_line", counted)
    path = written(tmp_path / "audit.log", [line(number) for number in range(5)])
    tail = Tail(path)
    assert (len(tail.read()), len(tail.read()), len(read)) == (5, 5, 5)
    text = json.dumps(line(6))
    for part, number in ((text[:50], 5), (text[50:], 5), ("\n", 6)):
        with path.open("a") as log:
            log.write(part)
        assert len(tail.read()) == number
    assert (tail.read()[0]["time"][-7:], read[5:]) == ("06.000Z", [text])


def test_a_log_that_is_rotated_emptied_or_much_longer_is_that_of_a_new_look(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.log", [line(number) for number in range(50)])
    tail = Tail(path)
    assert len(tail.read()) == 50
    path.rename(tmp_path / "audit.log.1")
    assert len(tail.read()) == 0
    written(path, LINES)
    assert len(tail.read()) == len(LINES)
    written(path, LINES[:2])
    assert len(tail.read()) == 2
    for more in (10, TAIL // 100, 10, TAIL // 1000):
        with path.open("a") as log:
            log.writelines(f"{json.dumps(line(number))}\n" for number in range(more))
        found = tail.read()
        assert found[: len(found) - 1] == Tail(path).read()[: len(found) - 1]
        assert len(json.dumps(found)) <= 1.1 * TAIL


def test_a_log_that_is_not_there_is_empty_and_an_unreadable_one_says_what_to_do(tmp_path: Path) -> None:
    assert Tail(tmp_path / "audit.log").read() == []
    with pytest.raises(ConsoleError, match="cannot be read") as failed:
        Tail(tmp_path).read()
    assert failed.value.hint == "run the console as the user of the gateway"


@played
async def test_no_value_of_a_user_is_markup_or_turns_the_line_around(tmp_path: Path) -> None:
    hostile = {"id": MARKUP, "name": f"{MARKUP}\u202eevil\x1b[31m", "domain": MARKUP}
    values: dict[str, Any] = dict.fromkeys(("home", "cloud", "service", "method", "path", "rule", "reason", "request_id"), MARKUP)
    written(tmp_path / "audit.log", [line(user=hostile, project=hostile, **values), line(direction="out", **values)])
    async with console(Watched(state=tmp_path)) as client:
        await client.post("/log-in", data=LOG_IN)
        page = await (await client.get("/uses")).text()
        assert MARKUP not in page
        assert "\u202e" not in page
        assert "\x1b" not in page
        assert page.count("&lt;script&gt;") > 10
        assert MARKUP not in await (await client.get("/uses", params={"who": MARKUP, "cloud": MARKUP})).text()


@played
async def test_a_traced_request_leads_to_its_trace(tmp_path: Path) -> None:
    request_id = "req-7472ace0-93a5-4a1c-8c5e-0d4bb7d7a5d1"
    written(tmp_path / "audit.log", [line(request_id=request_id), line(request_id="req-5c09ed4e-90f7-4d31-8a51-0c2b7f4e6d08")])
    async with console(Watched(state=tmp_path)) as client:
        await client.post("/log-in", data=LOG_IN)
        page = await (await client.get("/uses")).text()
    assert page.count('href="/trace?id=') == 1
    assert f'href="/trace?id={request_id}"' in page


@played
async def test_an_unreadable_log_is_a_page_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "audit.log").mkdir()
    async with console(Watched(state=tmp_path)) as client:
        await client.post("/log-in", data=LOG_IN)
        answer = await client.get("/uses")
        assert (answer.status, "run the console as the user of the gateway" in await answer.text()) == (503, True)
