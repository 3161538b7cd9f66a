# SPDX-License-Identifier: Apache-2.0
"""The description of the lab's clouds, and the names that are refused."""

import pytest

from openstackoid.errors import OpenstackoidError
from openstackoid.lab import clouds
from openstackoid.lab.clouds import Cloud


def test_two_clouds_are_described_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clouds.VARIABLE, raising=False)
    assert [cloud.name for cloud in clouds.described()] == ["CloudOne", "CloudTwo"]
    assert {cloud.layout for cloud in clouds.described()} == {"prefix"}


def test_the_environment_describes_other_clouds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clouds.VARIABLE, "A, B:ports ,C:ports+cinder,D:swift+cinder")
    assert clouds.described() == (
        Cloud("A"),
        Cloud("B", "ports"),
        Cloud("C", "ports", cinder=True),
        Cloud("D", cinder=True, swift=True),
    )


def test_an_unknown_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clouds.VARIABLE, "A:port")
    with pytest.raises(OpenstackoidError, match=r"unknown option 'port' of 'A'; accepted: prefix, ports, cinder, swift"):
        clouds.described()


@pytest.mark.parametrize("name", ["", "-x", "a b", "x" * 41, "Ä", "a/b", "$x", "shared", "authority", "A-admin"])
def test_names_that_cannot_be_a_clouds(name: str) -> None:
    with pytest.raises(OpenstackoidError, match="cannot name a cloud"):
        clouds.checked([Cloud(name)])


def test_two_names_may_not_share_their_databases() -> None:
    with pytest.raises(OpenstackoidError, match=r"'cloud-one' and 'Cloud\.One' have names too alike"):
        clouds.checked([Cloud("cloud-one"), Cloud("Cloud.One")])


def test_selecting_keeps_the_order_asked_for() -> None:
    known = (Cloud("A"), Cloud("B"), Cloud("C"))
    assert clouds.select(known, ["C", "A", "C"]) == (Cloud("C"), Cloud("A"))
    assert clouds.select(known, []) == known


def test_selecting_an_unknown_cloud_names_the_known() -> None:
    with pytest.raises(OpenstackoidError, match=r"no cloud 'Z'; it has: A, B"):
        clouds.select((Cloud("A"), Cloud("B")), ["Z"])
