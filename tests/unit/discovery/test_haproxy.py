# SPDX-License-Identifier: Apache-2.0
"""Backends from HAProxy configurations in the shapes that deployers write."""

from pathlib import Path

import pytest

from openstackoid.cli import main
from openstackoid.discovery.backends import Backend, Found, Missing, find_backends
from openstackoid.discovery.catalog import DiscoverError, Row
from openstackoid.discovery.existing import read_haproxy, servers_behind
from openstackoid.discovery.haproxy_configuration import parse_configuration
from openstackoid.mesh import parse_mesh
from openstackoid.mesh.settings import ServiceTimeouts

INTERNAL, EXTERNAL = "192.0.2.10", "203.0.113.10"

# Each service in a file of its own, a frontend for each address, as Kolla-Ansible writes them.
SPLIT = {
    "haproxy.cfg": f"""
global
    stats socket /var/lib/kolla/haproxy/haproxy.sock group kolla mode 660
    ca-base /etc/ssl/certs
defaults
    timeout client 1m
listen stats
   bind {INTERNAL}:1984
   stats enable
frontend status
    bind {INTERNAL}:61313
    monitor-uri /
""",
    "services.d/glance-api.cfg": f"""
frontend glance_api_front
    mode http
    http-request del-header X-Forwarded-Proto
    timeout client 6h
    http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
    bind {INTERNAL}:9292 ssl crt /etc/haproxy/certificates/haproxy-internal.pem
    default_backend glance_api_back
backend glance_api_back
    mode http
    timeout server 6h
    server one 192.0.2.21:9292 check inter 2000 rise 2 fall 5 ssl verify required ca-file ca-certificates.crt
    server two 192.0.2.22:9292 check inter 2000 rise 2 fall 5 ssl verify required ca-file ca-certificates.crt
frontend glance_api_external_front
    mode http
    http-request deny if {{ path -i -m beg /server-status }}
    bind {EXTERNAL}:9292 ssl crt /etc/haproxy/certificates/haproxy.pem
    default_backend glance_api_external_back
backend glance_api_external_back
    mode http
    server one 192.0.2.21:9293 check inter 2000 rise 2 fall 5
""",
}

# One frontend for all public services, which a map of host names divides.
SINGLE = {
    "haproxy.cfg": f"""
frontend external_frontend
    mode http
    bind {EXTERNAL}:443 ssl crt /etc/haproxy/certificates/haproxy.pem
    use_backend %[req.hdr(host),lower,map_dom(/etc/haproxy/external-frontend-map,)]
backend glance_back
    server one 192.0.2.21:9292 check
backend nova_back
    server one 192.0.2.21:8774 check
"""
}
MAP = {"external-frontend-map": "# hosts\nimage.example.com glance_back\ncompute.example.com nova_back\n"}

# Conditions on the host, with names and without, and a path.
CONDITIONS = {
    "haproxy.cfg": """
frontend web
    bind *:443 ssl crt /etc/ssl/all.pem
    acl is_image hdr(host) -i image.example.com image.example.com:443
    acl is_network req.hdr(host),lower -m beg network.
    use_backend image_back if is_image
    use_backend network_back if is_network !is_image
    use_backend compute_back if { ssl_fc_sni compute.example.com } or { path_beg /compute }
    use_backend weird if { src 10.0.0.0/8 } { path_beg /placement }
    default_backend rest
backend image_back
    server a 10.0.0.1:9292
backend network_back
    server a 10.0.0.1:9696
    server spare 10.0.0.2:9696 backup
backend compute_back
    http-request replace-path /compute(.*) \\1
    server a 10.0.0.1:8774 # the only one
backend rest
    server a 10.0.0.9
"""
}


def row(url: str, kind: str = "image", interface: str = "public") -> Row:
    return Row(kind, interface, url, "RegionOne")


def found(files: dict[str, str], url: str, maps: dict[str, str] | None = None) -> Found | Missing:
    return find_backends(parse_configuration(files), row(url), {"image.example.com": (EXTERNAL,)}, maps or {})


@pytest.mark.parametrize(
    ("files", "maps", "url", "frontend", "servers"),
    [
        (SPLIT, {}, f"https://{INTERNAL}:9292", "glance_api_front", ["https://192.0.2.21:9292", "https://192.0.2.22:9292"]),
        (SPLIT, {}, f"https://{EXTERNAL}:9292", "glance_api_external_front", ["http://192.0.2.21:9293"]),
        (SPLIT, {}, "https://image.example.com:9292", "glance_api_external_front", ["http://192.0.2.21:9293"]),
        (SINGLE, MAP, "https://image.example.com", "external_frontend", ["http://192.0.2.21:9292"]),
        (CONDITIONS, {}, "https://image.example.com", "web", ["http://10.0.0.1:9292"]),
        (CONDITIONS, {}, "https://Image.Example.com", "web", ["http://10.0.0.1:9292"]),
        (CONDITIONS, {}, "https://network.example.com", "web", ["http://10.0.0.1:9696"]),
        (CONDITIONS, {}, "https://compute.example.com", "web", ["http://10.0.0.1:8774"]),
        (CONDITIONS, {}, "https://api.example.com/compute/v2.1", "web", ["http://10.0.0.1:8774"]),
        (CONDITIONS, {}, "https://api.example.com/volume/v3", "web", ["http://10.0.0.9:443"]),
        ({"a": "listen glance\n bind 10.0.0.5:9292\n server a 10.0.0.1:9292"}, {}, "http://10.0.0.5:9292", "glance", ["http://10.0.0.1:9292"]),
        ({"a": "frontend f\n bind [::1]:9292,:::80\n default_backend b\nbackend b\n server a [2001:db8::1]:9292"}, {},
         "http://[::1]:9292", "f", ["http://[2001:db8::1]:9292"]),
    ],
)  # fmt: skip
def test_the_servers_behind_a_url_are_found(
    files: dict[str, str], maps: dict[str, str], url: str, frontend: str, servers: list[str]
) -> None:
    behind = found(files, url, maps)
    assert isinstance(behind, Found), behind
    assert (behind.frontend.name, [server.url for server in behind.servers]) == (frontend, servers)


@pytest.mark.parametrize(
    ("files", "url", "reason"),
    [
        (SPLIT, f"http://{INTERNAL}:8774", "no frontend listens on port 8774"),
        (SPLIT, "http://192.0.2.99:9292", f"no frontend listens on 192.0.2.99:9292, but on {INTERNAL}:9292, {EXTERNAL}:9292"),
        (SINGLE, "https://image.example.com",
         "the map /etc/haproxy/external-frontend-map is not beside the configuration (haproxy.cfg:5)"),
        (CONDITIONS, "https://api.example.com/placement", "frontend web decides by a condition that discover does not know:"
         " use_backend weird if { src 10.0.0.0/8 } { path_beg /placement } (haproxy.cfg:9)"),
        ({"a": "frontend f\n bind :80\n default_backend gone"}, "http://h",
         "frontend f (a:1) sends to backend gone, and no file has it"),
        ({"a": "frontend f\n bind :80\n"}, "http://h/image", "frontend f (a:1) names no backend for http://h:80/image"),
        ({"a": "frontend f\n bind :80\n default_backend b\nbackend b\n server a 10.0.0.1:1 disabled"}, "http://h",
         "backend b (a:4) has no server in use"),
        ({"a": "frontend f\n bind :80\nfrontend g\n bind :80\n"}, "http://h", "the frontends f, g all listen on *:80"),
    ],
)  # fmt: skip
def test_a_url_without_servers_has_the_reason(files: dict[str, str], url: str, reason: str) -> None:
    behind = found(files, url)
    assert isinstance(behind, Missing)
    assert behind.reason == reason


@pytest.mark.parametrize(
    ("server", "backend"),
    [
        ("10.0.0.1:9292 check", Backend("http://10.0.0.1:9292")),
        ("10.0.0.1:9292 ssl verify required ca-file a.crt", Backend("https://10.0.0.1:9292", "/ca/a.crt", "*")),
        (
            "10.0.0.1:9292 ssl ca-file /b.crt verifyhost image.internal",
            Backend("https://10.0.0.1:9292", "/b.crt", "image.internal"),
        ),
        (
            "10.0.0.1:9292 ssl sni str(image.internal) ca-file @system-ca",
            Backend("https://10.0.0.1:9292", None, "image.internal"),
        ),
        ("image.internal:9292 ssl verify required", Backend("https://image.internal:9292")),
    ],
)
def test_a_server_is_verified_as_before(server: str, backend: Backend) -> None:
    text = f"global\n ca-base /ca\nlisten l\n bind :80\n server a {server}\n"
    behind = found({"haproxy.cfg": text}, "http://h")
    assert isinstance(behind, Found)
    assert behind.servers == (backend,)


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("https://network.example.com", "spare server spare (10.0.0.2:9696) is left out"),
        (
            "https://compute.example.com",
            "not carried over: http-request replace-path /compute(.*) ... (haproxy.cfg:17); it changes paths: compare the"
            " backend's path with it",
        ),
    ],
)
def test_the_operator_is_told_what_the_gateway_does_not_do(url: str, note: str) -> None:
    behind = found(CONDITIONS, url)
    assert isinstance(behind, Found)
    assert [*behind.notes, *(loss.comment for loss in behind.losses)] == [note]


def test_a_section_that_two_files_have_counts_once() -> None:
    section = "backend b\n server a 10.0.0.1:80\n"
    assert list(parse_configuration({"a": section, "b": section}).backends) == ["b"]
    with pytest.raises(DiscoverError, match=r"b:1: backend b is another one at a:1; one is accepted"):
        parse_configuration({"a": section, "b": "backend b\n server a 10.0.0.2:80\n"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('bind "10.0.0.1:80', "a:2: not a line of HAProxy: no closing quotation"),
        ("bind 10.0.0.1:80-90", "a:2: bind 10.0.0.1:80-90: an address with one port is accepted, as in 10.0.1.10:9292 or :443"),
    ],
)
def test_a_line_that_is_not_understood_is_named(line: str, reason: str) -> None:
    with pytest.raises(DiscoverError) as refused:
        parse_configuration({"a": f"frontend f\n {line}\n"})
    assert str(refused.value) == reason


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


LISTING = f"""[
{{"Service Type": "image", "Interface": "internal", "URL": "https://{INTERNAL}:9292", "Region": "RegionOne"}},
{{"Service Type": "image", "Interface": "public", "URL": "https://{EXTERNAL}:9292", "Region": "RegionOne"}},
{{"Service Type": "compute", "Interface": "internal", "URL": "https://{INTERNAL}:8774/v2.1", "Region": "RegionOne"}}
]"""


def test_a_folder_is_read_with_what_is_below_it(tmp_path: Path) -> None:
    configuration, maps = read_haproxy(write(tmp_path, {**SPLIT, **SINGLE, **MAP}))
    assert [proxy.name for proxy in configuration.frontends][:1] == ["external_frontend"]
    assert maps == MAP
    behind = servers_behind([row("https://unknown.invalid"), row("not a url")], configuration, maps)
    assert list(behind) == [row("https://unknown.invalid")]


def test_the_command_describes_a_cloud_and_names_the_frontends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "kolla", SPLIT)
    (tmp_path / "endpoints.json").write_text(LISTING, encoding="utf-8")
    output = tmp_path / "mesh.yaml"
    arguments = ["--name", "One", "--endpoints", str(tmp_path / "endpoints.json"), "--haproxy", str(tmp_path / "kolla")]
    assert main(["discover", *arguments, "--output", str(output)]) == 0
    text = output.read_text(encoding="utf-8")
    verified = 'authority: /etc/ssl/certs/ca-certificates.crt, name: "*"'
    servers = (f"{{url: https://192.0.2.{number}:9292, {verified}}}" for number in (21, 22))
    assert f"internal: [{', '.join(servers)}]" in text
    assert "public: http://192.0.2.21:9293" in text
    assert "# no frontend listens on port 8774" in text
    assert "# HAProxy's check was `check inter 2000 rise 2 fall 5`; the gateway asks for / every" in text
    services = {endpoint.key: endpoint for endpoint in parse_mesh(text).clouds["One"].endpoints}
    assert len(services["image.internal"].backends) == 2
    assert services["image.internal"].timeouts == ServiceTimeouts(client=6 * 3600, server=6 * 3600)
    assert "timeouts: {client: 6h, server: 6h}" in text
    said, warned = capsys.readouterr()
    hidden = "http-request deny if { path -i -m beg /server-status } (services.d/glance-api.cfg:16)"
    assert f"        # WARNING: others may reach the service, for the gateway does not do this: {hidden}\n" in text
    assert warned.splitlines() == [
        f"warning: others may reach image, for the gateway does not do this: {hidden}",
        "not carried over from HAProxy: 3; comments in the description name each, with file and line",
    ]
    for line in (
        f"glance_api_external_front on {EXTERNAL}:9292 (services.d/glance-api.cfg:14)",
        f"glance_api_front on {INTERNAL}:9292 (services.d/glance-api.cfg:2)",
    ):
        assert f"#   {line}\n" in text
        assert f"the gateway takes the place of {line}\n" in said


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nothing", "cannot be read: No such file or directory"), ("empty", "no frontend is in it")],
)
def test_a_path_without_a_configuration_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DiscoverError, match=f"--haproxy {tmp_path / name}: {reason}"):
        read_haproxy(tmp_path / name)
