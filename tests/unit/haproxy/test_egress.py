# SPDX-License-Identifier: Apache-2.0
"""The configuration for requests that leave; its effect is tested in tests/conformance/test_audit.py."""

import re

from conformance.clouds import three_clouds
from openstackoid.bridge.audit.admission_header import LONGEST
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.egress import LEFT_FORMAT, LONGEST_LINE, LONGEST_USE, leaving, told_by_the_bridge

CLOUD = three_clouds().clouds["CloudOne"]
CONFIGURATION = compile_gateway(three_clouds(), "CloudOne", Runtime.of("/run"))["haproxy.cfg"]
SECTIONS = {section.partition("\n")[0]: section for section in re.split(r"^(?=\S)", CONFIGURATION, flags=re.MULTILINE)}
FORGET = "http-response del-header x-openstackoid-use"


def test_no_answer_to_a_client_has_the_admission_header() -> None:
    """Before all other rules, for some of them end the section."""
    forgotten = {
        "defaults local from gateway": "http-response del-header x-openstackoid- -m beg",
        "backend peer from gateway": "http-response del-header x-openstackoid- -m beg",
    }
    for title, rule_that_forgets in forgotten.items():
        rules = [line.strip() for line in SECTIONS[title].splitlines() if line.strip().startswith("http-response")]
        ends = [
            number
            for number, rule in enumerate(rules)
            if rule.startswith("http-response allow") and "x-openstackoid-" not in rule
        ]
        assert rule_that_forgets in rules[: min(ends, default=None)]
    assert FORGET in SECTIONS["backend bridge from gateway"]
    unsent = "http-response del-header x-openstackoid-unsent if !{ var(txn.wire_spoken) -m found }"
    assert told_by_the_bridge(tls=True) == [f"{FORGET} if !{{ var(sess.from) -m found }}", unsent], (
        "who has proved to be a gateway is told"
    )
    assert told_by_the_bridge(tls=False) == [FORGET, unsent]


def test_only_answers_of_peers_tell_of_a_use() -> None:
    assert [title for title, section in SECTIONS.items() if "set-var(txn.use) res." in section] == ["backend peer from gateway"]


def test_a_request_that_stays_costs_no_look_up() -> None:
    for rule in leaving(CLOUD):
        assert [title for title, section in SECTIONS.items() if rule in section] == ["backend peer from gateway"]


def test_a_line_has_room_for_the_longest_path_and_use() -> None:
    assert f'log "${{OPENSTACKOID_LOG}}" len {LONGEST_LINE} ' in SECTIONS["global"]
    assert LONGEST_USE == LONGEST
    assert LONGEST_LINE > 3 * 1024 + LONGEST_USE + 1024


def test_a_line_has_no_header_but_the_id_and_the_admission_header() -> None:
    written = re.findall(r"fhdr\(([^)]+)\)(?:\]|$)", "\n".join([LEFT_FORMAT, *leaving(CLOUD)]), re.MULTILINE)
    assert set(written) == {"x-openstack-request-id"}
    assert re.findall(r"var\((txn\.\w+)\)", LEFT_FORMAT) == ["txn.left"]
