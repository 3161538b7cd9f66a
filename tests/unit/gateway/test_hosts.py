# SPDX-License-Identifier: Apache-2.0
"""The machine's file of hosts is read as other programs read it."""

from pathlib import Path

from openstackoid.gateway.hosts import known_addresses

TEXT = """
# 10.0.0.9 commented
127.0.0.1  localhost
::1        localhost ip6-localhost
10.0.0.1   Gateway.One gw1   # of CloudOne
10.0.0.2   gw1
nonsense   gw3
fe80::1%lo gw4
0.0.0.0    gw5
::         gw5
10.0.0.3
"""


def test_a_name_has_the_first_address_that_is_written_for_it(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(TEXT)
    assert known_addresses(tmp_path / "hosts") == {
        "localhost": "127.0.0.1",
        "ip6-localhost": "::1",
        "gateway.one": "10.0.0.1",
        "gw1": "10.0.0.1",
    }


def test_without_a_file_there_is_still_localhost(tmp_path: Path) -> None:
    assert known_addresses(tmp_path / "none") == {"localhost": "127.0.0.1"}
