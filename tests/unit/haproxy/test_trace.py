# SPDX-License-Identifier: Apache-2.0
"""Records in the configuration; their effect is tested in tests/conformance/test_records.py."""

import re

import pytest

from conformance.clouds import three_clouds
from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.trace import LOG_FORMAT, own_pages_and_traces, shown_lines

HERE = three_clouds().clouds["CloudOne"]
CONFIGURATION = compile_gateway(three_clouds(), "CloudOne", Runtime.of("/run"))["haproxy.cfg"]


def test_only_the_frontend_tells_the_python_service() -> None:
    """HAProxy's messages about its backends go to the log alone."""
    sections = re.split(r"^(?=\S)", CONFIGURATION, flags=re.MULTILINE)
    assert [section.split("\n")[0] for section in sections if "/run/records.sock" in section] == ["frontend gateway from gateway"]


def test_the_gateways_own_pages_are_decided_first() -> None:
    rules = [line.strip() for line in CONFIGURATION.splitlines() if line.strip().startswith("http-request")]
    own = [line for line in own_pages_and_traces(HERE) if line.startswith("http-request")]
    first = rules.index(own[0])
    assert rules[first : first + len(own)] == own
    assert rules[first - 1] == "http-request del-header x-openstackoid- -m beg", "before anything is believed"
    ending = [rule for rule in rules[:first] if rule.startswith(("http-request allow", "http-request set-var(txn.route)"))]
    assert ["!may_mean_more" in rule or needs_route(rule) for rule in ending] == [True] * 3, "paths of own pages do"


def needs_route(rule: str) -> bool:
    return all(one.split()[0] in ("is_here", "has_route", "in_turns") for one in rule.partition(" if ")[2].split(" or "))


def test_no_header_but_the_id_and_no_query_is_in_a_line() -> None:
    assert re.findall(r"fhdr\(([^)]+)\)\]", "\n".join([LOG_FORMAT, *own_pages_and_traces(HERE)])) == ["x-openstack-request-id"]
    assert not re.search(r"%(HQ|HU|HP|r|hr|hs)\b|url|query", LOG_FORMAT)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("10.0.0.1 GET /image/v2/images -> local.image.public - 200 5 ms --\n", None),
        (
            "10.0.0.1 GET /x/os-console-auth-tokens/abc -> b - 200 5 ms --\n",
            "10.0.0.1 GET /x/os-console-auth-tokens/... -> b - 200 5 ms --\n",
        ),
        (f"10.0.0.1 GET /x/{'t' * 180}/y#20z -> b - 200 5 ms --\n", "10.0.0.1 GET /x/.../... -> b - 200 5 ms --\n"),
        ("10.0.0.1 gAAAAABtoken * -> gateway - 400 5 ms PR-- \n", "10.0.0.1 - ... -> gateway - 400 5 ms PR-- \n"),
        ("10.0.0.1 GET  -> b - 200 5 ms\n", "10.0.0.1 GET ... -> b - 200 5 ms\n"),
        ("10.0.0.1 <BADREQ> <BADREQ> -> gateway - 400 0 ms PR-- \n", None),
        ("Server local.image.public/s1 is DOWN, reason: Layer4 connection problem\n", None),
        ("\n", None),
        ("", None),
    ],
)
def test_lines_are_redacted(line: str, shown: str | None) -> None:
    assert shown_lines(line.encode())[0] == [text.encode() for text in [line if shown is None else shown] if text]


def test_the_answers_are_the_parts_behind_the_arrow() -> None:
    lines = b"10.0.0.1 GET /x -> b - 200 5 ms -- - -\nProxy b started.\n10.0.0.1 GET /y -> peer Two 200 5 ms -- - left\n"
    shown, answers = shown_lines(lines)
    assert b"".join(shown) == lines
    assert answers == [b"b - 200 5 ms -- - -\n", b"peer Two 200 5 ms -- - left\n"]
