# SPDX-License-Identifier: Apache-2.0
"""The scope language, rule by rule. The pages docs/use/scope*.md have a test of their own."""

import copy
import pickle

import pytest

from cpu_time import least_cpu_time
from openstackoid.scope import MAX_LENGTH, Cloud, Issuer, Scope, ScopeError, parse, split_token
from openstackoid.scope.services import official_names, official_service_type, project_name

MESH = frozenset({"compute", "image", "my-own"})


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("image", "image"),
        ("glance", "image"),
        ("volumev3", "block-storage"),
        ("volume", "block-storage"),
        ("block_storage", "block-storage"),
        ("cinder", "block-storage"),
        ("Image", None),
        ("imagee", None),
        ("", None),
    ],
)
def test_a_service_has_one_official_type(name: str, official: str | None) -> None:
    assert official_service_type(name) == official


def test_every_official_name_stands_for_an_official_type_with_a_project() -> None:
    for name in official_names():
        official = official_service_type(name)
        assert official is not None
        assert project_name(official) is not None
    assert project_name("my-own") is None


def test_strangers_words_do_not_fill_a_cache_without_end() -> None:
    for number in range(2000):
        official_service_type(f"no-such-{number}")
    assert official_service_type.cache_info().currsize <= 1024


def test_a_mesh_says_which_services_there_are() -> None:
    assert parse('{"nova": "A", "my-own": "A", "*": "A"}', services=MESH).to_header() == '{"compute":"A","my-own":"A","*":"A"}'
    for absent in ("network", "neutron", "your-own"):
        with pytest.raises(ScopeError, match=f"unknown service '{absent}'; known: compute, image, my-own"):
            parse(f'{{"{absent}": "A"}}', services=MESH)


def test_an_entry_that_its_cloud_cannot_serve_is_refused() -> None:
    offers = {"A": ["image", "compute"], "B": ["compute"]}
    assert parse('{"compute": "B", "*": "B"}', offers=offers)
    with pytest.raises(ScopeError, match=r"B has no service 'image'; served by: A$"):
        parse('{"image": "B"}', offers=offers)
    with pytest.raises(ScopeError, match=r"B has no service 'dns'; served by: no cloud$"):
        parse('{"dns": "B"}', offers=offers)


@pytest.mark.parametrize("text", ["image=A|B", '{"image": "A & (B)"}', "image=around(B, 1ms)", "image=A | B | B"])
def test_a_cloud_of_an_expression_that_cannot_serve_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(ScopeError, match=r"B has no service 'image'; served by: A$") as raised:
        parse(text, offers={"A": ["image", "compute"], "B": ["compute"]})
    assert (raised.value.start, text[raised.value.start : raised.value.end]) == (text.index("B"), "B")


def test_of_very_many_clouds_those_are_named_that_come_close_and_soon() -> None:
    clouds = [f"Cloud{number:05}" for number in range(10_000)]

    def parse_twenty() -> None:
        for number in range(20):
            with pytest.raises(ScopeError, match=r"10000 are known, among them: .*Cloud00017, ") as raised:
                parse(f'{{"image": "Cloud00017-{number}"}}', clouds=clouds)
            assert raised.value.reason.count("Cloud0") == 13

    assert least_cpu_time(parse_twenty, 2) < 2


def test_a_scope_has_room_to_be_completed() -> None:
    shortest: dict[str | None, str] = {}
    for name in sorted(official_names(), key=len, reverse=True):
        shortest[official_service_type(name)] = name
    texts = ["{" + ",".join(f'"{name}":"{"C" * n}"' for name in shortest.values()) + "}" for n in range(1, 65)]
    long = max((text for text in texts if len(text) <= MAX_LENGTH), key=len)
    with pytest.raises(ScopeError, match="once it is completed, at most 2048"):
        parse(long)
    with pytest.raises(ScopeError, match="too large: 2049 characters, at most 2048"):
        parse('{"image":"A"}' + " " * (MAX_LENGTH - 12))


def test_a_hostile_scope_cannot_write_to_a_terminal() -> None:
    for text in ('{"\x1b[31m": "A"}', '{"image": "\\u001b[31m"}', '{"im\u202eage": "A"}', '{"\udcff": "A"}'):
        with pytest.raises(ScopeError) as raised:
            parse(text)
        assert str(raised.value).isprintable()
        assert all(line.isprintable() for line in raised.value.pointer().splitlines())


def test_a_scope_is_a_mapping_with_a_readable_repr() -> None:
    scope = parse('{"glance": "A", "*": "B"}')
    assert repr(scope) == '<Scope {"image":"A","*":"B"}>'
    assert (len(scope), scope["image"], "glance" in scope, dict(scope)) == (2, "A", False, {"image": "A", "*": "B"})
    assert (scope.expression_for("image"), scope.expression_for("compute")) == (Cloud("A"), Cloud("B"))
    assert (scope.entry_for("image"), scope.entry_for("compute")) == ("image", "*")
    assert parse('{"compute": "A"}').entry_for("placement") == "compute"
    assert parse('{"compute": "A"}').entry_for("image") is None
    assert scope != {"image": "A", "*": "B"}
    assert pickle.loads(pickle.dumps(scope)) == copy.deepcopy(scope) == scope
    assert scope.completed("H") is scope
    assert parse('{"image": "A"}').completed("H") == Scope.of({"image": "A", "*": "H"})


def test_a_token_has_one_issuer_for_any_scope() -> None:
    assert parse('{"image": "A"}').issuer("H") == "H"
    assert parse('{"image": "A", "*": "B"}').issuer("H") == "B"
    assert parse('{"keystone": "C", "*": "B"}').issuer("H") == "C"
    assert parse('{"*": "B"}').issued_by(Issuer("D")).issuer("H") == "D"


def test_a_token_without_a_scope_is_a_token() -> None:
    assert split_token("gAAAA") == ("gAAAA", None)
    assert split_token("gAAAA!SCOPE!") == ("gAAAA", "")
    assert split_token('t!SCOPE!{"a":"b"}!SCOPE!x') == ("t", '{"a":"b"}!SCOPE!x')
