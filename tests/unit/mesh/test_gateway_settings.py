# SPDX-License-Identifier: Apache-2.0
"""The keys of ``gateway`` in a description: limits, audit, trusted proxies."""

import pytest

from openstackoid.mesh import (
    AuditSettings,
    Limits,
    MeshError,
    SyslogServer,
    parse_mesh,
)
from unit.mesh.samples import GOOD, gateway


class TestLimits:
    """``gateway.limits``: how much a gateway takes on."""

    def test_without_them(self) -> None:
        assert parse_mesh(GOOD).clouds["CloudOne"].limits == Limits(10_000, 500, 5.0, 1_000, 5_000, (), None, 500)

    def test_with_them(self) -> None:
        text = (
            "{connections: 50, bridge: 2, wait: 1.5, source_connections: 3, source_requests: 4, exempt: [10.0.0.1, 'fd00::/8'],"
            " unaccepted: 1, body_rate: 9}"
        )
        limits = parse_mesh(gateway(f"{{limits: {text}}}")).clouds["One"].limits
        assert limits == Limits(50, 2, 1.5, 3, 4, ("10.0.0.1/32", "fd00::/8"), 1, 9)
        off = parse_mesh(gateway("{limits: {source_connections: null, body_rate: null}}")).clouds["One"].limits
        assert (off.source_connections, off.body_rate) == (None, None)

    @pytest.mark.parametrize(
        ("limits", "error"),
        [
            ("{connections: 1}", "limits.connections: Input should be greater than or equal to 10"),
            ("{bridge: 0}", "limits.bridge: Input should be greater"),
            ("{wait: 0}", "limits.wait: Input should be greater than 0"),
            ("{source_requests: 0}", "limits.source_requests: Input should be greater"),
            ("{exempt: [10.0.0.1/8]}", "limits.exempt.0: '10.0.0.1/8': an address or a network is accepted, as in 10.0.1.11"),
            ("{exempt: [CloudTwo]}", "limits.exempt.0: 'CloudTwo': an address or a network is accepted"),
            ("{connection: 5}", "limits.connection: unknown key; accepted: connections, bridge, wait, source_connections,"),
        ],
    )
    def test_the_error_names_the_position_and_the_accepted_values(self, limits: str, error: str) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(gateway(f"{{limits: {limits}}}"), "f")
        assert f"clouds.One.gateway.{error}" in str(refused.value).splitlines()[0]


class TestAudit:
    """``gateway.audit``: how the audit log is kept, and where its lines go."""

    def test_without_it(self) -> None:
        assert parse_mesh(GOOD).clouds["CloudOne"].audit == AuditSettings(100, 100, 32, None)

    def test_with_it(self) -> None:
        text = "{size: null, keep: 9, reserve: 0, syslog: {host: logs.one, port: 1, authority: /a, certificate: /c}}"
        audit = parse_mesh(gateway(f"{{audit: {text}}}")).clouds["One"].audit
        assert audit == AuditSettings(None, 9, 0, SyslogServer("logs.one", "/a", 1, "/c"))

    @pytest.mark.parametrize(
        ("audit", "error"),
        [
            ("{size: 0}", "audit.size: Input should be greater"),
            ("{keep: 0}", "audit.keep: Input should be greater"),
            ("{reserve: -1}", "audit.reserve: Input should be greater"),
            ("{sizes: 5}", "audit.sizes: unknown key; accepted: size, keep, reserve, syslog"),
            ("{syslog: {host: h}}", "audit.syslog.authority: "),
            ("{syslog: {host: h/, authority: /a}}", "audit.syslog.host: 'h/': a host name or an address is accepted"),
            ("{syslog: {host: h, authority: a}}", "audit.syslog.authority: 'a': an absolute path is accepted"),
            ("{syslog: {host: h, authority: /a, port: 0}}", "audit.syslog.port: Input should be greater"),
            ("{syslog: {hosts: h}}", "audit.syslog.hosts: unknown key; accepted: host, authority, port, certificate"),
        ],
    )
    def test_the_error_names_the_spot_and_what_is_accepted(self, audit: str, error: str) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(gateway(f"{{audit: {audit}}}"), "f")
        assert f"clouds.One.gateway.{error}" in str(refused.value).splitlines()[0]


class TestTrustedProxies:
    """``gateway.trusted_proxies`` and ``proxy_protocol``: whose word for the client's address counts."""

    def test_with_them(self) -> None:
        cloud = parse_mesh(gateway("{trusted_proxies: [10.0.0.0/8, '::1'], proxy_protocol: ['h:80']}")).clouds["One"]
        assert (cloud.trusted_proxies, cloud.proxy_protocol) == (("10.0.0.0/8", "::1/128"), ("h:80",))
        assert parse_mesh(GOOD).clouds["CloudOne"].trusted_proxies == ()

    @pytest.mark.parametrize(
        ("settings", "error"),
        [
            (
                "{trusted_proxies: [10.0.0.1, proxy]}",
                "f:4:43: clouds.One.gateway.trusted_proxies.1: 'proxy': an address or a network is accepted, as in 10.0.1.11"
                " or 10.0.1.0/24",
            ),
            ("{trusted_proxies: 10.0.0.1}", "f:4:32: clouds.One.gateway.trusted_proxies: a list is accepted"),
            (
                "{proxy_protocol: ['h:80']}",
                "f:4:15: clouds.One.gateway.proxy_protocol: no address may speak it; name the proxies that do in"
                " 'trusted_proxies'",
            ),
            (
                "{trusted_proxies: [10.0.0.1], proxy_protocol: ['h:81']}",
                "f:4:61: clouds.One.gateway.proxy_protocol.0: 'h:81': a socket of the frontends is accepted: h:80",
            ),
        ],
    )
    def test_the_error_names_the_spot_and_what_is_accepted(self, settings: str, error: str) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(gateway(settings), "f")
        assert str(refused.value).splitlines()[0] == error


@pytest.mark.parametrize("address", ["127.0.0.1:9151", "10.0.0.5:9151", "[::1]:9151", "[fd00::5]:9151"])
def test_metrics_are_told_at_a_private_address(address: str) -> None:
    assert parse_mesh(gateway(f"{{metrics: '{address}'}}")).clouds["One"].metrics == address


@pytest.mark.parametrize(
    "address", ["0.0.0.0:9151", "[::]:9151", "*:9151", "8.8.8.8:9151", "127.0.0.1", "localhost:9151", "::1:9151", "127.0.0.1:0"]
)
def test_metrics_are_never_public(address: str) -> None:
    with pytest.raises(MeshError, match="a loopback or private address with a port is accepted"):
        parse_mesh(gateway(f"{{metrics: '{address}'}}"))
