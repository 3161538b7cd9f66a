# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from openstackoid.mesh import (
    Address,
    AuditSettings,
    Limits,
    Listener,
    Memory,
    MeshError,
    SyslogServer,
    Timeouts,
    load_mesh,
    parse_mesh,
)
from openstackoid.mesh.description import builtin_collaborations

GOOD = """\
mesh: 1
clouds:
  CloudOne:
    region: North
    gateway:
      bind: 0.0.0.0
      timeouts: {connect: 1.5, server: 600}
    services:
      identity:
        frontend: http://one:8080/identity/v3
        backend: http://127.0.0.1:5000
      image:
        name: pictures
        frontend: {public: http://one:8080/image, internal: http://in:9292}
        backend: [http://127.0.0.1:19292/glance/, http://127.0.0.2:19292/glance]
      volumev3:
        frontend: {public: http://one:8080/volume/v3/$(project_id)s, admin: http://in:8776/v3/$(project_id)s}
        backend: {public: http://127.0.0.1:8776}
  CloudTwo:
    services:
      image: {frontend: http://two:80/image}
"""


def service(yaml: str) -> str:
    return f"mesh: 1\nclouds:\n  One:\n    services:\n      image: {yaml}\n"


class TestGood:
    mesh = parse_mesh(GOOD)
    one, two = mesh.clouds["CloudOne"], mesh.clouds["CloudTwo"]

    def test_a_cloud(self) -> None:
        assert (self.one.region, self.two.region) == ("North", "CloudTwo")
        assert (self.one.bind, self.two.bind) == ("0.0.0.0", None)
        assert self.one.timeouts == Timeouts(connect=1.5, server=600)
        assert self.two.timeouts == Timeouts()
        assert self.one.services == {"identity", "image", "block-storage"}
        assert repr(self.one) == "<Cloud CloudOne: block-storage, identity, image>"
        assert repr(self.mesh) == "<Mesh CloudOne, CloudTwo>"

    def test_the_mesh_lists_services_and_offers(self) -> None:
        assert self.mesh.services == {"identity", "image", "block-storage"}
        assert self.mesh.offers == {"CloudOne": self.one.services, "CloudTwo": {"image"}}

    def test_one_url_stands_for_every_interface(self) -> None:
        endpoint = self.one.endpoint("identity", "admin")
        assert endpoint is not None
        assert (endpoint.interfaces, endpoint.name, endpoint.key) == (
            ("public", "internal", "admin"),
            "keystone",
            "identity.public",
        )
        assert endpoint.backends == (Address("127.0.0.1", 5000, ""),)

    def test_interfaces_that_differ_are_endpoints_of_their_own(self) -> None:
        image = [endpoint for endpoint in self.one.endpoints if endpoint.service == "image"]
        assert [(endpoint.interfaces, str(endpoint.listener), endpoint.name) for endpoint in image] == [
            (("public",), "one:8080", "pictures"),
            (("internal",), "in:9292", "pictures"),
        ]
        assert [address.url() for address in image[0].backends] == [
            "http://127.0.0.1:19292/glance",
            "http://127.0.0.2:19292/glance",
        ]

    def test_an_alias_is_the_service_that_it_means(self) -> None:
        volume = [endpoint for endpoint in self.one.endpoints if endpoint.catalog_type == "volumev3"]
        assert [(endpoint.service, endpoint.name, endpoint.interfaces, len(endpoint.backends)) for endpoint in volume] == [
            ("block-storage", "cinder", ("public",), 1),
            ("block-storage", "cinder", ("admin",), 0),
        ]

    def test_times_have_units(self) -> None:
        told = "{client: 90, server: 1.5h}"
        text = service(f"{{frontend: http://h, timeouts: {told}}}")
        waits = "{connect: 250ms, client: 90 s, server: '10', tunnel: 1d, check: 2.5}"
        cloud = parse_mesh(text.replace("    services", f"    gateway: {{timeouts: {waits}}}\n    services")).clouds["One"]
        assert cloud.timeouts == Timeouts(connect=0.25, client=90, server=10, tunnel=86400, check=2.5)
        assert cloud.timeouts_of(cloud.endpoints[0]) == Timeouts(connect=0.25, client=90, server=5400, tunnel=86400, check=2.5)

    def test_a_backend_of_https(self) -> None:
        told = "[https://b/i, {url: https://10.0.0.1, authority: /a.pem, name: '*'}, {url: https://b:1, name: c}, http://d]"
        (endpoint,) = parse_mesh(service(f"{{frontend: http://h, backend: {told}}}")).clouds["One"].endpoints
        assert endpoint.backends == (
            Address("b", 443, "/i", "https", "", "b"),
            Address("10.0.0.1", 443, "", "https", "/a.pem", "*"),
            Address("b", 1, "", "https", "", "c"),
            Address("d", 80, ""),
        )
        assert [backend.url() for backend in endpoint.backends][1:] == ["https://10.0.0.1:443", "https://b:1", "http://d:80"]

    def test_a_peer_needs_no_backends(self) -> None:
        assert self.two.endpoints[0].backends == ()
        assert self.two.listeners == (Listener("two", 80),)

    def test_equal_descriptions_are_equal(self) -> None:
        assert parse_mesh("# Another comment.\n" + GOOD) == self.mesh
        assert parse_mesh(GOOD.replace("pictures", "images")) != self.mesh


class TestBad:
    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("", "f: the document: a mapping of keys to values is accepted"),
            ("a: [", "f:1:5: not YAML: expected the node content, but found '<stream end>'"),
            ("\x00", "f: not YAML: unacceptable character #x0000: special characters are not allowed"),
            ("mesh: 1\nmesh: 1", "f:2:1: 'mesh' is there twice; name it once"),
            ("mesh: 2\nclouds: {}", "f:1:7: mesh: Input should be 1"),
            ("mesh: 1", "f:1:1: clouds: this key is missing"),
            ("mesh: 1\nclouds: {}", "f:2:1: clouds: at least one entry is needed"),
            ("mesh: 1\nclouds: {One: }", "f:2:14: clouds.One: a mapping of keys to values is accepted"),
            (
                "mesh: 1\nclouds: {One: {regions: x}}",
                "f:2:25: clouds.One.regions: unknown key; accepted: region, gateway, policy, services",
            ),
            ("mesh: 1\nclouds: &a {One: *a}", "f: a part of it is nested too deeply, or contains itself"),
            ("[" * 5000, "f: a part of it is nested too deeply, or contains itself"),
            ("!!bool x: 1", "f: not YAML: a value does not match its tag"),
            ('mesh: !!int ""', "f: not YAML: a value does not match its tag"),
            ("mesh: !!timestamp x", "f: not YAML: a value does not match its tag"),
            (
                'mesh: 1\nclouds: {"\\e[31mOne": {}}',
                "f:2:10: clouds.?[31mOne: '?[31mOne' cannot be a cloud's name; letters, digits, '.', '_' and '-' are accepted,"
                " 64 at most",
            ),
            (
                "mesh: 1\nclouds: {a b: {services: {image: {frontend: http://h}}}}",
                "f:2:10: clouds.a b: 'a b' cannot be a cloud's name; letters, digits, '.', '_' and '-' are accepted, 64 at most",
            ),
            (
                "mesh: 1\nclouds: {One: {services: {Image: {frontend: http://h}}}}",
                "f:2:27: clouds.One.services.Image: "
                "'Image' cannot be a service type; lower case letters, digits and '-' are accepted",
            ),
            (
                service("{fronted: http://h}"),
                "f:5:24: clouds.One.services.image.fronted: unknown key; accepted: name, frontend, backend, links, timeouts",
            ),
            (service("{}"), "f:5:7: clouds.One.services.image.frontend: this key is missing"),
            (
                service("{frontend: http://h, backends: x}"),
                "f:5:45: clouds.One.services.image.backends: unknown key; accepted: name, frontend, backend, links, timeouts",
            ),
            (
                service("{frontend: {private: http://h}}"),
                "f:5:35: clouds.One.services.image.frontend.private: Input should be 'public', 'internal' or 'admin'",
            ),
            (
                service("{frontend: {public: ftp://h}}"),
                "f:5:34: clouds.One.services.image.frontend.public: "
                "'ftp://h': an http:// or https:// URL is accepted, as in http://gateway:8080/image",
            ),
            (
                service("{frontend: http://h, backend: https://10.0.0.1}"),
                "f:5:44: clouds.One.services.image.backend.public.0: "
                "'https://10.0.0.1:443': 'name' is needed for an address: the host name in the certificate, or '*' for any",
            ),
            (
                service("{frontend: http://h, timeouts: {server: six hours}}"),
                "f:5:54: clouds.One.services.image.timeouts.server: "
                "'six hours': a time is accepted, as in 90, 90s, 10m or 6h; a number alone is of seconds",
            ),
            (
                service("{frontend: http://h, timeouts: {server: 25h}}"),
                "f:5:54: clouds.One.services.image.timeouts.server: Input should be less than or equal to 86400",
            ),
            (
                service("{frontend: http://h, timeouts: {connect: 1}}"),
                "f:5:55: clouds.One.services.image.timeouts.connect: unknown key; accepted: client, server",
            ),
            (
                service("{frontend: http://h, backend: {url: http://b, name: b}}"),
                "f:5:35: clouds.One.services.image.backend.public.0: "
                "'http://b:80': 'authority' and 'name' are of a certificate; an https:// URL is accepted with them",
            ),
            (
                service("{frontend: http://h, backend: {public: [{url: https://b, name: '*'}]}}"),
                "f:5:54: clouds.One.services.image.backend.public.0: "
                "'https://b:443': '*' is accepted with an 'authority' of its own: others sign for everybody",
            ),
            (
                service("{frontend: http://h, backend: {public: [{url: https://b, ca: /a}]}}"),
                "f:5:75: clouds.One.services.image.backend.public.0.ca: unknown key; accepted: url, authority, name",
            ),
            (
                service("{frontend: http://h, backend: {public: [{url: https://b, authority: a}]}}"),
                "f:5:82: clouds.One.services.image.backend.public.0.authority: 'a': an absolute path is accepted",
            ),
            (
                service("{frontend: http://h, backend: {public: [{url: https://b, name: '*.b'}]}}"),
                "f:5:77: clouds.One.services.image.backend.public.0.name: "
                "'*.b': a host name is accepted, or '*' for any that the authority has signed for",
            ),
            (
                service("{frontend: {public: 'https://h:80', internal: 'http://h:80/a'}}"),
                "f:5:60: clouds.One.services.image.frontend.internal: "
                "h:80 is https for another service; a socket is http or https",
            ),
            (
                service("{frontend: http://h}").replace("    services", "    gateway: {tls: {certificate: /c}}\n    services"),
                "f:4:15: clouds.One.gateway.tls.authority: this key is missing",
            ),
            (
                service("{frontend: http://h}").replace("    services", "    gateway: {tls: {key: /c}}\n    services"),
                "f:4:26: clouds.One.gateway.tls.key: unknown key; accepted: certificate, authority, revoked, users",
            ),
            (
                service("{frontend: http://h}").replace(
                    "    services", "    gateway: {tls: {certificate: c, authority: /a}}\n    services"
                ),
                "f:4:34: clouds.One.gateway.tls.certificate: 'c': an absolute path is accepted",
            ),
            (
                service("{frontend: http://h, backend: 'http://b/$(project_id)s'}"),
                "f:5:44: clouds.One.services.image.backend.public.0.url: "
                "'http://b/$(project_id)s': a backend is the root of the service, without a project",
            ),
            (
                service("{frontend: http://h}").replace("    services", "    gateway: {bind: 'a b'}\n    services"),
                "f:4:21: clouds.One.gateway.bind: 'a b': an address to listen on, or '*', is accepted",
            ),
            (
                service("{frontend: http://h}").replace("    services", "    gateway: {timeouts: {check: 0}}\n    services"),
                "f:4:33: clouds.One.gateway.timeouts.check: Input should be greater than 0",
            ),
        ],
    )
    def test_the_error_names_the_position_and_the_accepted_values(self, text: str, error: str) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(text, "f")
        assert str(refused.value).splitlines()[0] == error

    def test_aliases_that_stand_for_millions_of_parts_take_no_time(self) -> None:
        levels = "".join(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 20))
        with pytest.raises(MeshError, match="a0: unknown key"):
            parse_mesh(f"mesh: 1\na0: &a0 [x]\n{levels}")

    def test_the_spot_is_shown(self) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(service("{frontend: ftp://h}"), "f")
        assert str(refused.value).splitlines()[1:] == ["        image: {frontend: ftp://h}", "                          ^"]

    def test_two_services_at_one_address(self) -> None:
        text = (
            service("{frontend: http://h, backend: http://a}") + "      compute: {frontend: http://h/v2.1, backend: http://b}\n"
        )
        with pytest.raises(
            MeshError, match=r"^f:6:\d+: .*: http://h:80 is the frontend of image.public already, with another backend"
        ):
            parse_mesh(text, "f")

    def test_one_address_with_another_backend_for_each_interface(self) -> None:
        text = service("{frontend: http://h, backend: {public: http://a, admin: http://b}}")
        with pytest.raises(MeshError, match=r"http://h:80 is the frontend of image.public already, with another backend"):
            parse_mesh(text, "f")

    def test_two_clouds_at_one_address(self) -> None:
        text = service("{frontend: http://h/one}") + "  Two:\n    services: {image: {frontend: http://h/two}}\n"
        with pytest.raises(MeshError, match=r"^f:7:\d+: .*: h:80 is a frontend of One already; each cloud has its own"):
            parse_mesh(text, "f")

    def test_two_addresses_that_bind_makes_one(self) -> None:
        """No client is asked to name an address in ``Host``."""
        text = service("{frontend: {public: http://10.0.0.1:80, internal: http://10.0.0.2:80}}")
        assert len(parse_mesh(text).clouds["One"].sockets) == 2
        text = text.replace("    services", "    gateway: {bind: '*'}\n    services")
        error = r"^f:4:21: clouds\.One\.gateway\.bind: 10\.0\.0\.1:80 and 10\.0\.0\.2:80 would both be \*:80; "
        with pytest.raises(MeshError, match=error):
            parse_mesh(text, "f")

    def test_a_likeness_of_clouds_does_not_hide_two_addresses_that_bind_makes_one(self) -> None:
        named = "  NAME:\n    gateway: {bind: '*'}\n    services: {image: {frontend: {public: 'http://A:80', internal: 'http://B:80'}}}\n"
        clouds = [("One", "p.one", "i.one"), ("Two", "10.0.0.1", "10.0.0.2")]
        text = "mesh: 1\nclouds:\n" + "".join(
            named.replace("NAME", name).replace("A:", f"{public}:").replace("B:", f"{inside}:") for name, public, inside in clouds
        )
        with pytest.raises(MeshError, match=r"^f:7:\d+: clouds\.Two\.gateway\.bind: 10\.0\.0\.1:80 and"):
            parse_mesh(text, "f")

    def test_two_names_that_bind_makes_one_socket(self) -> None:
        text = service("{frontend: {public: http://p:80, internal: http://i:80}}")
        assert len(parse_mesh(text).clouds["One"].sockets) == 2
        cloud = parse_mesh(text.replace("    services", "    gateway: {bind: '*'}\n    services")).clouds["One"]
        assert cloud.sockets == cloud.shared_sockets == {1: (Listener("i", 80), Listener("p", 80))}

    def test_a_shared_socket_is_http_or_https(self) -> None:
        text = service("{frontend: {public: https://p:80, internal: http://i:80}}")
        text = text.replace("    services", "    gateway: {bind: '*'}\n    services")
        with pytest.raises(MeshError, match=r"^f:6:\d+: .*: p:80 is https for another service; a socket is http or https"):
            parse_mesh(text, "f")


TWO = "clouds:\n  One: {services: {image: {frontend: http://h:1}}}\n  Two: {services: {image: {frontend: http://h:2}}}\n"


def rule(**changed: str) -> str:
    keys = {"name": "r", "service": "image", "partner": "compute", "requests": "[POST /x]", "reason": "y"} | changed
    return f"mesh: 1\ncollaborations: [{{{', '.join(f'{key}: {value}' for key, value in keys.items() if value)}}}]\n{TWO}"


def gateway(yaml: str) -> str:
    return service("{frontend: http://h}").replace("    services", f"    gateway: {yaml}\n    services")


class TestLimits:
    """``gateway.limits``: how much a gateway takes on."""

    def test_without_them(self) -> None:
        assert parse_mesh(GOOD).clouds["CloudOne"].limits == Limits(10_000, 500, 5.0, 1_000, None, (), None, 500)

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


class TestWorkflows:
    """The keys about workflows and collaborations: what they mean, and what is said of a mistake."""

    def test_without_them(self) -> None:
        mesh = parse_mesh(GOOD)
        assert mesh.collaborations == builtin_collaborations()
        assert mesh.shared == ()
        assert (mesh.clouds["CloudOne"].force, mesh.clouds["CloudOne"].memory) == (False, Memory(100_000, 21_600))

    def test_with_them(self) -> None:
        text = rule(service="glance", requests="[POST /a/*, DELETE /a_b]", when="{a.b: x, c: [y, z]}", unless="{d: '*'}")
        mesh = parse_mesh(text.replace("clouds:\n", "shared: [{service: glance, clouds: [One, Two]}]\nclouds:\n", 1))
        own = mesh.collaborations[-1]
        assert mesh.collaborations[:-1] == builtin_collaborations()
        assert (own.name, own.service, own.partner, own.reason) == ("r", "image", "compute", "y")
        assert own.requests == (("POST", "/a/*"), ("DELETE", "/a_b"))
        assert (own.when, own.unless) == ((("a.b", ("x",)), ("c", ("y", "z"))), (("d", ("*",)),))
        assert [mesh.together("image", "One", other) for other in ("One", "Two", "Three")] == [True, True, False]
        assert not mesh.together("network", "One", "Two")
        assert [mesh.share_data_plane("One", other) for other in ("Two", "Three")] == [True, False]
        assert [mesh.sharing(cloud) for cloud in ("One", "Two", "Three")] == [["Two"], ["One"], []]
        cloud = parse_mesh(gateway("{force: true, memory: {workflows: 5, seconds: 1.5}}")).clouds["One"]
        assert (cloud.force, cloud.memory) == (True, Memory(5, 1.5))
        cloud = parse_mesh(gateway("{memory: {user: 2, peer: 3}}")).clouds["One"]
        assert (cloud.memory, cloud.memory.of_user, cloud.memory.of_peer) == (Memory(user=2, peer=3), 2, 3)

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            (
                f"mesh: 1\nshared: [{{service: image, clouds: [One, Three]}}]\n{TWO}",
                "f:2:41: shared.0.clouds.1: unknown cloud 'Three'; known: One, Two",
            ),
            (
                f"mesh: 1\nshared: [{{service: networks, clouds: [One, Two]}}]\n{TWO}",
                "f:2:20: shared.0.service: One has no service 'networks' to share",
            ),
            (
                f"mesh: 1\nshared: [{{service: image, clouds: [One]}}]\n{TWO}",
                "f:2:27: shared.0.clouds: two clouds or more are needed",
            ),
            (
                f"mesh: 1\nshared: [{{services: image, clouds: [One, Two]}}]\n{TWO}",
                "f:2:21: shared.0.services: unknown key; accepted: service, clouds",
            ),
            (rule(reason=""), "f:2:18: collaborations.0.reason: this key is missing"),
            (
                rule(because="y"),
                "f:2:103: collaborations.0.because: unknown key; accepted: name, service, partner, requests, reason, when,",
            ),
            (
                rule(requests="[GET /x]"),
                "f:2:73: collaborations.0.requests.0: 'GET /x': a writing method and a path are accepted,"
                " as in POST /servers/*/action",
            ),
            (rule(requests="[POST x]"), "f:2:73: collaborations.0.requests.0: 'POST x': a writing method"),
            (rule(requests="[POST /]"), "f:2:73: collaborations.0.requests.0: 'POST /': a writing method"),
            (rule(requests="[]"), "f:2:62: collaborations.0.requests: at least one entry is needed"),
            (
                rule(service="keystone"),
                "f:2:37: collaborations.0.service: requests to Keystone are judged by no rule",
            ),
            (
                rule(partner="netwrk"),
                "f:2:53: collaborations.0.partner: unknown service 'netwrk'; a service of OpenStack, or one",
            ),
            (rule(service="netwrk"), "f:2:37: collaborations.0.service: unknown service 'netwrk'"),
            (rule(requests="POST /x"), "f:2:72: collaborations.0.requests: a list is accepted"),
            (rule(service="Image"), "f:2:37: collaborations.0.service: 'Image' cannot be a service type"),
            (rule(when="{a: []}"), "f:2:101: collaborations.0.when.a: at least one entry is needed"),
            (
                gateway("{twins: ['http://10.0.1.11']}"),
                "f:4:15: clouds.One.gateway.twins: removed; the gateways of one cloud share a database, which 'store' names",
            ),
            (gateway("{store: {url: x}}"), "f:4:28: clouds.One.gateway.store.url: the URL of a database is accepted, as in"),
            (
                gateway("{store: {url: 'mysql://h/d'}}"),
                "f:4:28: clouds.One.gateway.store.url: the URL of a database is accepted,",
            ),
            (
                gateway("{store: {url: 'mysql://u:storeSecret7@h/d'}}"),
                "f:4:28: clouds.One.gateway.store.url: a URL without a password is accepted; 'password' names the",
            ),
            (
                gateway("{store: {url: 'mysql://u@h/d?password=x'}}"),
                "f:4:28: clouds.One.gateway.store.url: of options, those of TLS are accepted: ssl_ca, ssl_capath, ssl_cert,",
            ),
            (
                gateway("{store: {url: 'mysql://u@h/d?ssl_foo=1'}}"),
                "f:4:28: clouds.One.gateway.store.url: of options, those of TLS are accepted: ssl_ca, ssl_capath, ssl_cert,",
            ),
            (
                gateway("{store: {url: 'postgresql://u@h/d?ssl_ca=/ca.pem'}}"),
                "f:4:28: clouds.One.gateway.store.url: of options, those of TLS are accepted: sslrootcert, sslmode, sslcert,",
            ),
            (gateway("{store: {uri: x}}"), "f:4:28: clouds.One.gateway.store.uri: unknown key; accepted: url, password"),
            (gateway("{memory: {workflows: 0}}"), "f:4:35: clouds.One.gateway.memory.workflows: Input should be greater than"),
            (
                gateway("{memory: {user: 0}}"),
                "f:4:30: clouds.One.gateway.memory.user: Input should be greater than or equal to 1",
            ),
            (gateway("{memory: {seconds: 0}}"), "f:4:33: clouds.One.gateway.memory.seconds: Input should be greater than 0"),
            (
                gateway("{memory: {second: 1}}"),
                "f:4:32: clouds.One.gateway.memory.second: unknown key; accepted: workflows, seconds",
            ),
            (gateway("{force: perhaps}"), "f:4:22: clouds.One.gateway.force: true or false is accepted"),
            (
                gateway("{forced: true}"),
                "f:4:23: clouds.One.gateway.forced: unknown key; accepted: bind, timeouts, memory, force",
            ),
        ],
    )
    def test_the_error_names_the_position_and_the_accepted_values(self, text: str, error: str) -> None:
        with pytest.raises(MeshError) as refused:
            parse_mesh(text, "f")
        assert str(refused.value).splitlines()[0].startswith(error)


class TestFile:
    def test_a_file_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "mesh.yaml").write_text(GOOD)
        assert load_mesh(tmp_path / "mesh.yaml") == parse_mesh(GOOD)

    def test_one_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(MeshError, match=r"mesh\.yaml: cannot read the mesh description: No such file or directory"):
            load_mesh(tmp_path / "mesh.yaml")
        (tmp_path / "mesh.yaml").write_bytes(b"\xff")
        with pytest.raises(MeshError, match="not UTF-8 text"):
            load_mesh(tmp_path / "mesh.yaml")
