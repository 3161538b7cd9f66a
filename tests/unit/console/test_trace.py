# SPDX-License-Identifier: Apache-2.0
"""*Trace*: the hops of a request as bars over clouds."""

from typing import Any

from openstackoid.console.waterfall import HEAD, LABEL, LETTER, WIDE, waterfall
from unit.bridge.stage import played
from unit.console.seen import LOG_IN, MARKUP, Watched, console

ID = "req-7472ace0-93a5-4a1c-8c5e-0d4bb7d7a5d1"


def hop(gateway: str, cloud: str, started: float, seconds: float, **more: Any) -> dict[str, Any]:
    kind = {"service": "image", "interface": "public", "method": "GET", "path": "/v2/images", "status": 200, "via": "token"}
    return {"gateway": gateway, "cloud": cloud, "started": started, "seconds": seconds, "route": "local", **kind, **more}


PAGE = {
    "hops": [
        hop("CloudTwo", "CloudTwo", 100.02, 0.06),
        hop("CloudOne", "CloudTwo", 100.0, 0.1, route="remote", via="header"),
        hop("CloudTwo", "CloudOne", 100.03, 0.02, service="identity", status=503, route="remote"),
        "no hop",
    ],
    "missing": [{"cloud": "CloudThree", "reason": "it does not answer"}, "no gap"],
}


def test_a_hop_stands_below_the_one_that_caused_it_at_its_time() -> None:
    drawing = waterfall(PAGE)
    assert [(bar.depth, bar.clouds, bar.status) for bar in drawing.bars] == [
        (0, "CloudOne → CloudTwo", "200"),
        (1, "CloudTwo", "200"),
        (2, "CloudTwo → CloudOne", "503"),
    ]
    assert [(bar.x, bar.width) for bar in drawing.bars] == [
        (LABEL, WIDE),
        (LABEL + WIDE / 5, WIDE * 0.6),
        (LABEL + WIDE * 0.3, WIDE / 5),
    ]
    assert [bar.failed for bar in drawing.bars] == [False, False, True]
    assert (drawing.missing, drawing.total) == ([("CloudThree", "it does not answer")], "100 ms")
    assert [text for _, text in drawing.ticks][:2] == ["0.0 ms", "20 ms"]
    assert len(drawing.ticks) <= 7


def test_every_length_has_some_ticks() -> None:
    for seconds in (0.0, 0.0004, 0.003, 0.9, 17.0, 3000.0):
        assert 1 <= len(waterfall({"hops": [hop("A", "A", 5.0, seconds)]}).ticks) <= 7


def test_a_bar_stays_within_the_drawing() -> None:
    drawing = waterfall({"hops": [hop("A", "A", 0.0, 10.0), hop("A", "A", 10.0, 0.0)]})
    assert all(bar.x >= LABEL and bar.x + bar.width <= LABEL + WIDE + 0.1 for bar in drawing.bars)


def test_no_text_of_a_row_or_of_the_axis_meets_another() -> None:
    for seconds in (0.0004, 0.0099, 0.9999, 1.008, 9.9, 2999.0):
        hops = [hop("A" * 64, "B" * 64, float(depth), seconds, status=0, path="/v2/" + "x" * 300) for depth in range(12)]
        drawing = waterfall({"hops": hops})
        assert len(drawing.bars) == 12
        for bar in drawing.bars:
            assert 6 + 14 * bar.depth + LETTER * len(bar.label) <= LABEL
            assert bar.x + bar.width <= LABEL + WIDE + 0.1 < drawing.values
            assert drawing.values + LETTER * len(bar.value) <= drawing.width, bar.value
            assert bar.y >= HEAD
        ends = [x + 4 + LETTER * len(text) for x, text in drawing.ticks]
        begins = [x for x, _ in drawing.ticks[1:]] + [drawing.width]
        assert all(end <= begin for end, begin in zip(ends, begins, strict=True)), drawing.ticks


def test_a_page_that_is_none_is_empty() -> None:
    for page in ({}, {"hops": None, "missing": 3}, {"hops": [{"gateway": 1}]}):
        assert waterfall(page).bars == ()


@played
async def test_the_view_draws_it_and_has_the_same_values_as_a_table() -> None:
    hostile = hop(MARKUP, MARKUP, 1.0, 0.5, path=f"/{MARKUP}", service=MARKUP, method=MARKUP)
    watched = Watched(traces={ID: PAGE, ID[:-1] + "2": {"hops": [hostile], "missing": [{"cloud": MARKUP, "reason": MARKUP}]}})
    async with console(watched) as client:
        await client.post("/log-in", data=LOG_IN)
        page = await (await client.get(f"/trace?id={ID}")).text()
        assert page.count('<rect class="hop') == 3
        assert '<svg class="waterfall"' in page
        assert "3 hops, 100 ms</strong>, over CloudOne, CloudTwo." in page
        assert "Not told by CloudThree: it does not answer" in page
        assert "✗ 503 · 20 ms</text>" in page
        page = await (await client.get(f"/trace?id={ID[:-1]}2")).text()
        assert (MARKUP in page, "&lt;script&gt;" in page) == (False, True)


@played
async def test_an_id_without_a_record_or_of_another_form_is_one_line() -> None:
    async with console() as client:
        await client.post("/log-in", data=LOG_IN)
        for asked, said in ((ID, "there is no record of this request id"), (MARKUP, "this is not the id of a traced request")):
            answer = await client.get("/trace", params={"id": asked})
            page = await answer.text()
            assert (answer.status, said in page, MARKUP in page) == (200, True, False)
        assert "--trace" in await (await client.get("/trace")).text()
