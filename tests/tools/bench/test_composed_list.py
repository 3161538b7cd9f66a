# SPDX-License-Identifier: Apache-2.0
"""A long list through a gateway: its items and links are counted while it is read, and the wrong ones are found out."""

import json
from urllib.parse import urlsplit

import pytest

from bench.answering_lists import PREFIX, root
from bench.composed_list import _AT_ONCE, _ends, _read, _Stage
from bench.errors import BenchError
from bench.gateway import Gateway
from tools.bench.lab.serving import serving


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_a_mark_is_counted_wherever_the_pieces_end(size: int) -> None:
    text, mark = b"abcab-abc-ababc-" * 9, b"abc"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    count, rest = 0, b""
    for piece in pieces:
        count += _ends(rest, piece, mark)
        rest = (rest + piece)[-len(mark) :]
    assert count == text.count(mark)


def listed(links: list[str]) -> bytes:
    items = [{"links": [{"href": link}] * 2, "filled": "x" * 1200, "os_scope_cloud": "CloudOne"} for link in links]
    return json.dumps({"ports": items}, separators=(",", ":")).encode()


def test_a_list_has_all_items_and_its_links_lead_to_the_gateway() -> None:
    body = b""
    with serving(lambda *_: (200, body)) as served:
        port = urlsplit(served.url).port or 0
        ours, theirs = f"{root(port)}/v2.1/x/1", f"{root(port + 1, PREFIX)}/v2.1/x/1"
        stage = _Stage(2, port, Gateway(0, 0))
        body = listed([ours] * 2000)
        assert len(body) > _AT_ONCE
        _read(stage, "", 2000)
        with pytest.raises(BenchError, match=r"^composition: the list of 2 clouds: 200, 2000 items of 2001, 4000 links: "):
            _read(stage, "", 2001)
        body = listed([ours, theirs])
        with pytest.raises(BenchError, match=r": 200, 2 items of 2, 2 links: "):
            _read(stage, "", 2)
