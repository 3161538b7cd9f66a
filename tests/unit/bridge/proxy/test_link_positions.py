# SPDX-License-Identifier: Apache-2.0
"""Links of a document are replaced, or removed with the object that says what they are."""

from typing import Any

import pytest

from openstackoid.bridge.proxy.link_positions import LinkPositions


def rewritten(document: Any, *, whole: bool = False) -> Any:
    """Return the document with ``old`` for ``new``, and without ``evil``."""
    return LinkPositions(lambda text: None if text == "evil" else text.replace("old", "new")).rewritten(document, whole=whole)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"volumes_links": [{"rel": "next", "href": "evil"}, {"rel": "self", "href": "old"}], "volumes": []},
            {"volumes_links": [{"rel": "self", "href": "new"}], "volumes": []},
        ),
        ({"links": {"next": "evil", "self": "old", "previous": None}}, {"links": {"self": "new", "previous": None}}),
        ({"next": "evil", "images": [{"links": ["evil"]}]}, {"images": [{"links": []}]}),
        ({"v": {"rel": "self", "href": "evil"}, "w": [{"rel": "self", "href": "evil", "x": 1}]}, {"w": []}),
        ({"v": {"metadata": {"links": "evil"}, "name": "evil"}}, {"v": {"metadata": {"links": "evil"}, "name": "evil"}}),
        ("evil", "evil"),
    ],
)
def test_a_link_to_remove_goes_and_text_elsewhere_stays(document: Any, expected: Any) -> None:
    assert rewritten(document) == expected


def test_in_a_document_that_is_links_any_text_is_one() -> None:
    document = {"versions": [{"id": "v3", "url": "evil", "links": [{"href": "evil"}]}, "old", 7]}
    assert rewritten(document, whole=True) == {"versions": [{"id": "v3", "links": []}, "new", 7]}
