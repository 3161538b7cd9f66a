# SPDX-License-Identifier: Apache-2.0
from openstackoid.mesh import some_of
from openstackoid.mesh.errors import Wrong


def test_few_names_are_listed_and_of_many_some() -> None:
    assert some_of(["b", "a"]) == "a, b"
    assert some_of([]) == ""
    told = some_of(f"C{number:04}" for number in range(10_000))
    assert told.startswith("C0000, C0001, ")
    assert told.endswith(", C0039 and 9960 more")
    assert some_of(map(str, range(10, 50))).endswith(", 49")


def test_a_place_is_said_as_it_is_written() -> None:
    assert Wrong(("clouds", "One", "twins", 0), "no").place == "clouds.One.twins.0"
    assert Wrong((), "no").place == "the document"
