# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from openstackoid.mesh import (
    Address,
    Listener,
    MeshError,
    Timeouts,
    load_mesh,
    parse_mesh,
)
from unit.mesh.samples import GOOD, service


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
                "f:5:44: clouds.One.services.image.backend.public.0: "
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
