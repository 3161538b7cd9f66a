# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
import yaml

from openstackoid.mesh import MeshError, document
from openstackoid.mesh.document import read, wrong_at
from openstackoid.mesh.errors import Wrong


@pytest.fixture(params=["libyaml", "PyYAML"])
def _reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML stands in where it was built without libyaml."""
    if request.param == "PyYAML":
        monkeypatch.setattr(document, "_FAST", yaml.SafeLoader)


both = pytest.mark.usefixtures("_reader")


def kept(name: Any, said: Any) -> Any:
    return (name, said)


@both
@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, 1.5, yes, ~, null, '1', \"y\", 2001-02-03, 0x10, 1_000, '']\nc: {}\nd: []\ne:\nf: |\n  text\n",
        "network: no\nnone: nil\n'1': =x\nyes1: y\n",
        "a: &a {x: [1, 2]}\nb: *a\nc: &b text\nd: [*b, *b]\n",
        "a: &a {x: 1}\nb: {<<: *a, y: 2}\n",
        "a: !!str 1\nb: !!int '2'\nc: !!set {x}\n",
        "1: a\n2: b\n",
        "[a, b]",
        "text",
        "",
        "--- {a: b}\n...\n",
    ],
)
def test_it_says_what_pyyaml_says(text: str) -> None:
    assert read(text, "f", kept) == yaml.safe_load(text)


@both
@pytest.mark.parametrize("more", ["", "x: &a {y: 1}\nz: {<<: *a}\n"])
def test_each_entry_of_clouds_is_taken_as_it_is_read(more: str) -> None:
    assert read(f"clouds: {{A: {{b: 1}}, B: [x]}}\nother: {{clouds: {{C: 1}}}}\n{more}", "f", kept)["clouds"] == {
        "A": ("A", {"b": 1}),
        "B": ("B", ["x"]),
    }
    assert read("clouds: [x]", "f", kept) == {"clouds": ["x"]}


def test_what_taking_a_cloud_raises_is_passed_on() -> None:
    def refuse(name: Any, _: Any) -> Any:
        raise Wrong(("clouds", name), "no")

    for text in ("clouds: {A: 1}", "clouds: {A: !!int '1'}"):
        with pytest.raises(Wrong, match="no"):
            read(text, "f", refuse)


@both
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: {b: 1, c: 2, b: 3}", "f:1:17: 'b' stands twice; name it once"),
        ("a: !!map {b: 1, c: 2, b: 3}", "f:1:23: 'b' stands twice; name it once"),
        ("a: x\nb: *c\n", "f:2:4: not YAML: found undefined alias 'c'"),
        ("a: &a x\nb: &a y\n", "f:2:4: not YAML: second occurrence"),
        ("a: 1\n--- {}\n", "f:2:1: not YAML: but found another document"),
        ("a: &a {b: *a}", "f: a part of it is nested too deeply, or stands inside itself"),
        ("a: " + "[" * 100_000, "f: a part of it is nested too deeply, or stands inside itself"),
        ("a: " + "{b: " * 100_000, "f: a part of it is nested too deeply, or stands inside itself"),
        ("? [a]\n: b", "f:1:3: not YAML: found unhashable key"),
        ("a: 2001-99-99", "f: not YAML: month must be in 1..12"),
    ],
)
def test_what_is_wrong_is_said_in_pyyaml_words(text: str, error: str) -> None:
    with pytest.raises(MeshError) as refused:
        read(text, "f", kept)
    assert str(refused.value).splitlines()[0] == error


@both
def test_a_large_text_is_not_read_twice_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_LARGE", 10)
    monkeypatch.setattr(document, "_read_slowly", None)
    with pytest.raises(MeshError, match=r"^f:2:1: not YAML: "):
        read(f"a: [{'x, ' * 10}\n", "f", kept)
    assert str(wrong_at("a:\n  b: text\n", "f", Wrong(("a", "b"), "no"))).splitlines()[0] == "f:2:6: a.b: no"


TEXT = """\
a: {b: [x, {c: 1}], d: &d {e: [y, z]}}
? [complex, key]
: f
g: *d
h: {i: }
"""


@both
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
        (("h", "i", "j"), "5:7: h.i.j"),
    ],
)
def test_a_place_is_found(path: tuple[Any, ...], spot: str) -> None:
    assert str(wrong_at(TEXT, "f", Wrong(path, "no"))).splitlines()[0] == f"f:{spot}: no"


def test_a_place_in_a_text_that_has_changed_is_not_shown() -> None:
    assert str(wrong_at("", "f", Wrong(("a",), "no"))) == "f: a: no"
    assert str(wrong_at("a: [", "f", Wrong(("a", 1), "no"))) == "f: a.1: no"
    assert str(wrong_at("a: *b", "f", Wrong(("a", 1), "no"))).startswith("f:1:1: a.1: no")


def test_what_is_for_no_terminal_is_not_shown() -> None:
    assert str(wrong_at("a: b", "f", Wrong(("a",), "\x1b[31m"))).startswith("f:1:4: a: ?[31m")
