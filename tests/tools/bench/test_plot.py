# SPDX-License-Identifier: Apache-2.0
"""The picture: whole, and to scale."""

from xml.etree import ElementTree

from bench.plot import svg
from bench.results import Part, Row
from bench.spread import Spread

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_figures() -> None:
    rows = [
        Row("plain", "plain & simple", {"cpu_us": Spread(10.0, 9.0, 11.0, 7)}),
        Row("none", "no scope", {"cpu_us": Spread(20.0, 18.0, 22.0, 7)}),
        Row("ratio", "no such figure", {}),
    ]
    root = ElementTree.fromstring(svg([Part("routing", "Routing", rows)]))
    _, first, second = root.iter(f"{SVG}rect")
    assert float(second.attrib["width"]) == 2 * float(first.attrib["width"])
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "plain & simple" in texts
    assert "10.00 (9.00 to 11.00)" in texts
    assert "no such figure" not in texts


def test_a_part_without_rows_has_no_panel() -> None:
    assert list(ElementTree.fromstring(svg([Part("routing", "Routing", [])])).iter(f"{SVG}text")) == []
