# SPDX-License-Identifier: Apache-2.0
"""The https settings of the own cloud are checked, and no token leaves for a peer in the clear."""

import pytest

from openstackoid.mesh import MeshError, Tls, check_binding, check_tls, parse_mesh
from openstackoid.mesh.tls import unprotected

TLS = "    gateway: {tls: {certificate: /c/One.pem, authority: /c/authority.pem}}\n"


def mesh(one: str, two: str, *, gateway: str = "", other: str = "Two", ours: str = "One") -> str:
    return (
        f"mesh: 1\nclouds:\n  {ours}:\n{gateway}    services: {{image: {{frontend: '{one}', backend: 'http://b'}}}}\n"
        f"  {other}:\n    services: {{image: {{frontend: {{public: '{two}'}}}}}}\n"
    )


@pytest.mark.parametrize(
    ("one", "two", "gateway"),
    [("http://one", "http://two", ""), ("https://one", "https://two", TLS), ("http://one", "https://two", TLS)],
)
def test_protected_frontends_are_accepted(one: str, two: str, gateway: str) -> None:
    check_tls(parse_mesh(mesh(one, two, gateway=gateway)), "One")


def test_the_certificate_is_the_gateways_own(one: str = "https://one") -> None:
    described = parse_mesh(mesh(one, "https://two", gateway=TLS))
    assert described.clouds["One"].tls == Tls("/c/One.pem", "/c/authority.pem")
    assert described.clouds["Two"].tls is None
    assert [str(listener) for listener in described.clouds["One"].secure_listeners] == ["one:443"]
    check_tls(described, "One")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            mesh("https://one", "https://two"),
            "clouds.One.gateway.tls: the gateway of One needs its certificate and the authority of the mesh,"
            " for it has https frontends",
        ),
        (
            mesh("http://one", "https://two"),
            "clouds.One.gateway.tls: the gateway of One needs its certificate and the authority of the mesh,"
            " for Two has https frontends",
        ),
        (
            mesh("https://one", "http://two", gateway=TLS),
            "clouds.Two.services.image.frontend.public: http://two:80: the gateway of One has TLS, and sends tokens to peers over"
            " https alone; an https:// URL is accepted, and an interface of Two may be left out",
        ),
        (
            mesh("https://one", "https://two", gateway=TLS, other="one"),
            "clouds.one: 'one' and 'One' differ by case only, which certificates do not tell apart",
        ),
        (
            mesh("https://one", "https://two", gateway=TLS, other="1.2.3.4"),
            "clouds.1.2.3.4: '1.2.3.4' cannot be a name in a certif",
        ),
        (
            mesh("https://one", "https://two", gateway=TLS, other="a..b"),
            "clouds.a..b: 'a..b' cannot be a name in a certificate; ",
        ),
        (mesh("https://one", "https://two", gateway=TLS, other="x" * 64), "cannot be a name in a certificate; "),
    ],
)
def test_unprotected_frontends_are_refused(text: str, message: str) -> None:
    with pytest.raises(MeshError) as caught:
        check_tls(parse_mesh(text), "One")
    assert message in str(caught.value)


def test_names_that_differ_by_case_are_no_matter_without_tls() -> None:
    check_tls(parse_mesh(mesh("http://one", "http://two", other="one")), "One")


@pytest.mark.parametrize(
    ("frontend", "said"),
    [
        ("http://127.0.0.1:81", []),
        ("http://[::1]", []),
        ("http://localhost", []),
        ("https://one", []),
        ("http://10.0.1.10/image", ["http://10.0.1.10:80"]),
        ("http://one:81", ["http://one:81"]),
    ],
)
def test_frontends_with_unprotected_tokens(frontend: str, said: list[str]) -> None:
    assert unprotected(parse_mesh(mesh(frontend, "http://two")).clouds["One"]) == said


@pytest.mark.parametrize(
    ("gateway", "accepted"), [("{}", False), ("{unbound_tokens: true}", True), ("{unbound_tokens: false}", False)]
)
def test_a_gateway_with_peers_and_without_certificates_starts_only_if_told_to(gateway: str, accepted: bool) -> None:
    clouds = f"One: {{gateway: {gateway}, services: {{image: {{frontend: http://h:1}}}}}}"
    check_binding(parse_mesh(f"mesh: 1\nclouds: {{{clouds}}}"), "One")
    mesh = parse_mesh(f"mesh: 1\nclouds: {{{clouds}, Two: {{services: {{image: {{frontend: http://h:2}}}}}}}}")
    if accepted:
        check_binding(mesh, "One")
        return
    with pytest.raises(MeshError, match=r"^clouds\.One\.gateway: .*'tls' is accepted, or 'unbound_tokens: true'"):
        check_binding(mesh, "One")
