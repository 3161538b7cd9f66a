# SPDX-License-Identifier: Apache-2.0
"""Which shares stand in the configuration; tests/conformance/test_places.py shows what they do."""

from openstackoid.haproxy import Runtime, compile_gateway
from openstackoid.haproxy.places import place_rules, servers, token_table
from openstackoid.mesh import Cloud, parse_mesh

TEXT = """
mesh: 1
clouds:
  One:
    gateway: {tls: {certificate: /x/One.pem, authority: /x/ca.pem}, limits: {exempt: [10.0.0.1]}}
    services: {image: {frontend: "https://127.0.0.1:8080/image", backend: "http://127.0.0.1:9000"}}
"""


def cloud(text: str = TEXT) -> Cloud:
    return parse_mesh(text).clouds["One"]


def rules(text: str = TEXT) -> str:
    return "\n".join(place_rules(cloud(text), lambda status, message: f"{status} {message}"))


def test_a_certificate_counts_as_its_peer_which_has_a_share_of_its_own() -> None:
    assert 'set-var-fmt(txn.source) "gateway of %[var(sess.from)]" if is_peer' in rules()
    assert "if is_peer { sc1_conn_cur gt 250 }" in rules()
    assert "acl is_peer always_false" in rules(
        TEXT.replace("https:", "http:").replace("tls: {certificate: /x/One.pem, authority: /x/ca.pem}, ", "")
    )


def test_exempt_sources_are_not_counted() -> None:
    assert "acl is_exempt src 10.0.0.1/32" in rules()
    assert "track-sc1 var(txn.source) unless is_exempt" in rules()


def test_an_unknown_source_sends_no_burst_of_requests_that_are_no_errors() -> None:
    assert "http_req_rate(1s)" in rules(), "a thousand in ten seconds could come at once"
    unknown = "!is_accepted !is_peer { var(txn.source),table_gpt0 eq 0 }"
    assert f"{unknown} {{ var(txn.source),table_http_req_rate ge 100 }}" in rules()
    assert "sends more than 100 requests a second without a token" in rules()


def test_a_delayed_refusal_takes_no_share_of_its_source() -> None:
    assert rules().count("http-request tarpit 429") == 3
    assert rules().rindex("http-request tarpit") < rules().index("track-sc1")


def test_no_made_up_token_gets_into_the_table() -> None:
    assert "track-sc2 var(txn.token) table tokens if is_accepted" in rules()
    assert token_table() == ["stick-table type binary len 20 size 20480 expire 600s store conn_cur"]


def test_a_body_is_waited_for_before_its_request_is_counted() -> None:
    assert rules().index("wait-for-body time 60000ms at-least 16384") < rules().index("track-sc1")
    assert "wait-for-body" not in rules(TEXT.replace("exempt: [10.0.0.1]", "body_rate: null"))


def test_each_kind_of_request_has_places_of_its_own() -> None:
    assert [line.split()[1:] for line in servers(cloud(), "/s") if line.startswith("server ")] == [
        ["bridge", "unix@/s", "maxconn", "452"],
        ["unaccepted", "unix@/s", "maxconn", "48"],
        ["sockets", "unix@/s", "maxconn", "200"],
    ]


def test_the_digest_of_a_token_is_that_of_the_token_without_its_mark() -> None:
    assert "regsub('[!~].*$',''),sha1" in rules()
    assert (
        "tokens"
        in compile_gateway(
            parse_mesh(TEXT.replace("tls: {certificate: /x/One.pem, authority: /x/ca.pem}, ", "").replace("https", "http")),
            "One",
            Runtime.of("/run"),
        )["haproxy.cfg"]
    )
