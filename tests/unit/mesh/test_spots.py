# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
import yaml

from openstackoid.mesh import spots
from openstackoid.mesh.errors import Wrong
from openstackoid.mesh.spots import wrong_at

TEXT = """\
a: {b: [x, {c: 1}], d: &d {e: [y, z]}}
? [complex, key]
: f
g: *d
h: {i: ''}
"""


@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("loader", [spots.FAST, yaml.SafeLoader])
@pytest.mark.parametrize(
    ("path", "spot"),
    [
        ((), "1:1: the document"),
        (("a",), "1:1: a"),
        (("a", "b"), "1:5: a.b"),
        (("a", "b", 0), "1:9: a.b.0"),
        (("a", "b", 1, "c"), "1:16: a.b.1.c"),
        (("a", "b", 7), "1:5: a.b.7"),
        (("a", "b", "c"), "1:5: a.b.c"),
        (("a", "none"), "1:1: a.none"),
        (("g", "e", 1), "1:35: g.e.1"),
        (("g",), "4:1: g"),
        (("h", "i", "j"), "5:8: h.i.j"),
    ],
)
def test_a_place_is_found(path: tuple[Any, ...], spot: str, loader: Any, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large text is left to the quicker reader alone."""
    monkeypatch.setattr(spots, "FAST", loader)
    if large:
        monkeypatch.setattr(spots, "LARGE", 1)
    assert str(wrong_at(TEXT, "f", Wrong(path, "no"))).splitlines()[0] == f"f:{spot}: no"


def test_a_place_in_a_text_that_has_changed_is_not_shown() -> None:
    assert str(wrong_at("", "f", Wrong(("a",), "no"))) == "f: a: no"
    assert str(wrong_at("a: [", "f", Wrong(("a", 1), "no"))) == "f: a.1: no"
    assert str(wrong_at("a: *b", "f", Wrong(("a", 1), "no"))).startswith("f:1:1: a.1: no")


def test_control_characters_are_not_shown() -> None:
    assert str(wrong_at("a: b", "f", Wrong(("a",), "\x1b[31m"))).startswith("f:1:4: a: ?[31m")
