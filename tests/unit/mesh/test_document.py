# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
import yaml

from openstackoid.mesh import MeshError, document, spots
from openstackoid.mesh.document import read
from openstackoid.mesh.errors import Wrong


@pytest.fixture(params=["libyaml", "PyYAML"])
def _reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML stands in where it was built without libyaml."""
    if request.param == "PyYAML":
        monkeypatch.setattr(spots, "FAST", yaml.SafeLoader)


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
        'a: ["\\U0001F600", "\\xe9", ü]\n',
    ],
)
def test_a_document_is_read_as_by_pyyaml(text: str) -> None:
    assert read(text, "f", kept) == yaml.safe_load(text)


@both
@pytest.mark.parametrize("more", ["", "x: &a {y: 1}\nz: {<<: *a}\n"])
def test_each_entry_of_clouds_is_taken_as_it_is_read(more: str) -> None:
    assert read(f"clouds: {{A: {{b: 1}}, B: [x]}}\nother: {{clouds: {{C: 1}}}}\n{more}", "f", kept)["clouds"] == {
        "A": ("A", {"b": 1}),
        "B": ("B", ["x"]),
    }
    assert read("clouds: [x]", "f", kept) == {"clouds": ["x"]}


def test_an_error_of_a_cloud_is_passed_on() -> None:
    def refuse(name: Any, _: Any) -> Any:
        raise Wrong(("clouds", name), "no")

    for text in ("clouds: {A: 1}", "clouds: {A: !!int '1'}"):
        with pytest.raises(Wrong, match="no"):
            read(text, "f", refuse)


@both
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a: {b: 1, c: 2, b: 3}", "f:1:17: 'b' is there twice; name it once"),
        ("a: !!map {b: 1, c: 2, b: 3}", "f:1:23: 'b' is there twice; name it once"),
        ("a: x\nb: *c\n", "f:2:4: not YAML: found undefined alias 'c'"),
        ("a: &a x\nb: &a y\n", "f:2:4: not YAML: second occurrence"),
        ("a: 1\n--- {}\n", "f:2:1: not YAML: but found another document"),
        ("a: &a {b: *a}", "f: a part of it is nested too deeply, or contains itself"),
        ("a: " + "[" * 100_000, "f: a part of it is nested too deeply, or contains itself"),
        ("a: " + "{b: " * 100_000, "f: a part of it is nested too deeply, or contains itself"),
        ("? [a]\n: b", "f:1:3: not YAML: found unhashable key"),
        ('a: ["x\\ud800"]', "f:1:5: half a character; whole ones are accepted"),
        ('a: {"x\\udfff": !!str y}', "f:1:5: half a character; whole ones are accepted"),
        ('a: {!!str x: ["\\ud800"]}', "f:1:15: half a character; whole ones are accepted"),
        ("a: \ud800", "f: not YAML: unacceptable character #xd800: special characters are not allowed"),
        ("a: 2001-99-99", "f: not YAML: month must be in 1..12"),
    ],
)
def test_errors_have_the_words_of_pyyaml(text: str, error: str) -> None:
    with pytest.raises(MeshError) as refused:
        read(text, "f", kept)
    assert str(refused.value).splitlines()[0] == error


@both
def test_invalid_yaml_is_reported_before_an_error_of_a_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: Any, _: Any) -> Any:
        raise Wrong(("clouds", name), "no")

    for large in (10, spots.LARGE):
        monkeypatch.setattr(spots, "LARGE", large)
        with pytest.raises(MeshError, match=r"^f:2:4: not YAML: "):
            read("clouds: {A: 1}\nb: ]\n", "f", refuse)


@both
def test_a_large_text_is_not_read_twice_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spots, "LARGE", 10)
    monkeypatch.setattr(document, "_read_slowly", None)
    with pytest.raises(MeshError, match=r"^f:2:1: not YAML: "):
        read(f"a: [{'x, ' * 10}\n", "f", kept)
