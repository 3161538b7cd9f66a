# SPDX-License-Identifier: Apache-2.0
"""The kernel's time of a connection to a peer: HAProxy has it since 2.8, and docs/use/near.md says what counts before."""

import re

from conformance.clouds import three_clouds
from documents import read
from openstackoid.haproxy import Runtime, compile_gateway

CONFIGURATION = compile_gateway(three_clouds(), "CloudOne", Runtime("b", "u", "s", "r", "l", "o"))["haproxy.cfg"]


def test_the_time_is_asked_for_where_haproxy_has_it() -> None:
    conditional = re.findall(r"\.if version_atleast\(2\.8\)\n(.*?)\.endif", CONFIGURATION, re.DOTALL)
    assert CONFIGURATION.count("bc_rtt") == sum(part.count("bc_rtt") for part in conditional) == 1


def test_the_page_says_that_older_ones_have_it_from_probes() -> None:
    page = read("use/near.md")
    assert "(`bc_rtt`) since 2.8. With HAProxy 2.6, as in Debian 12, all times of peers come from probes" in page
