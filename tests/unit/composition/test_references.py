# SPDX-License-Identifier: Apache-2.0
"""The id of a flavor in a change under ``A & B``: it is never sent as that of another flavor."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.composition import EqualSearch, Failure, Fault, ItemKind, Named, Refused, builtin_kinds, named_outcome
from openstackoid.composition.references import meant, named, referred, with_referred

(RESIZE,) = builtin_kinds().references(ItemKind("compute", "/servers", "abc", "server", "/action"))
CLOUDS = ("One", "Two", "Three")
UNREACHED = Failure("One", Fault.UNREACHABLE)


def body(reference: object) -> bytes:
    return json.dumps({"resize": {"flavorRef": reference}}).encode()


@pytest.mark.parametrize("reference", ["1", 1, "m1.tiny", "a b", "a" * 255])
def test_the_id_is_read_and_replaced(reference: object) -> None:
    assert referred(RESIZE, body(reference)) == str(reference)
    assert referred(RESIZE, with_referred(RESIZE, body(reference), "new")) == "new"


@pytest.mark.parametrize("reference", [None, True, 1.5, "", ".", "..", "a/b", "%2e", "é", "a" * 256, ["1"], {"id": "1"}])
def test_another_value_is_no_id(reference: object) -> None:
    assert referred(RESIZE, body(reference)) is None


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"resize": []}', b'{"resize": {"flavorRef": NaN}}', b"[" * 100_000])
def test_a_body_of_another_form_has_no_id(text: bytes) -> None:
    assert referred(RESIZE, text) is None


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"flavor": []}', b'{"flavor": {"name": "x"}}', b'{"flavor": null}'])
def test_an_answer_that_is_no_flavor_is_a_failure(text: bytes) -> None:
    assert isinstance(named(RESIZE, "One", text), Failure)


def test_a_flavor_without_sizes_equals_none() -> None:
    thing = named(RESIZE, "One", b'{"flavor": {"id": "1", "name": "x"}}')
    assert thing == Named("x", None)
    assert isinstance(meant(RESIZE, "1", "One", ("One", "Two"), {"One": thing, "Two": thing}), Refused)
    assert EqualSearch(RESIZE.of, "One", None).query is None


things = st.builds(Named, st.sampled_from("xy"), st.sampled_from([b"small", b"large", None]))
outcomes = st.fixed_dictionaries({cloud: things | st.sampled_from([404, 403, 500, 429, UNREACHED]) for cloud in CLOUDS})


@given(outcomes, st.sampled_from(CLOUDS), st.booleans())
def test_an_id_is_sent_only_where_it_means_one_flavor(found: dict[str, Any], owner: str, is_uuid: bool) -> None:
    id_ = "7472ace0-0000-4000-8000-000000000000" if is_uuid else "1"
    result = meant(RESIZE, id_, owner, CLOUDS, found)
    sizes = [thing.equal for thing in found.values() if isinstance(thing, Named)]
    if isinstance(result, Refused):
        assert result.status in (409, 503)
        assert "nothing was changed" in result.message
    elif result is None:
        assert not sizes or isinstance(found[owner], Named)
        assert is_uuid or len(set(sizes)) <= 1
    else:
        assert set(sizes) == {result.equal}
        assert found[owner] == 404
    if not (is_uuid and isinstance(found[owner], Named)) and {500, 429, UNREACHED} & {
        each for each in found.values() if not isinstance(each, Named)
    }:
        assert isinstance(result, Refused)
        assert result.status == 503


statuses = st.fixed_dictionaries({cloud: st.sampled_from([200, 204, 401, 403, 404, 429, 500, UNREACHED]) for cloud in CLOUDS})


@given(statuses)
def test_a_named_thing_is_changed_only_where_no_other_cloud_may_have_it(found: dict[str, Any]) -> None:
    result = named_outcome("box/a", CLOUDS, found)
    having = [cloud for cloud in CLOUDS if found[cloud] in (200, 204)]
    unknown = [cloud for cloud in CLOUDS if found[cloud] in (429, 500, UNREACHED)]
    if isinstance(result, Refused):
        assert result.status == (409 if len(having) > 1 else 503)
    else:
        assert result is not None
        assert len(having) <= 1
        assert not (having and unknown)
