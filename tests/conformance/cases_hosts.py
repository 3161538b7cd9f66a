# SPDX-License-Identifier: Apache-2.0
"""The table of cases: the host of a request, at gateways that tell services apart by hosts, by ports, by paths, or by each.

``Named`` has one port, and a host for each service; ``Mixed`` a host with paths, a host of a service, and a port of one;
``Ports`` a port for each service; ``Paths`` one port with paths. The first two have other names of one address, too.
"""

from dataclasses import dataclass

DESCRIPTION = """
mesh: 1
clouds:
  Named:
    services:
      identity: {{frontend: "{s}://identity.named.test:{named}/v3", backend: "http://127.0.0.1:{b[0]}"}}
      compute: {{frontend: "{s}://compute.named.test:{named}/v2.1", backend: "http://127.0.0.1:{b[1]}"}}
      image: {{frontend: "{s}://image.named.test:{named}", backend: "http://127.0.0.1:{b[2]}"}}
    gateway: {{bind: 127.0.0.1, timeouts: {{connect: 1, server: 2}}, limits: {{exempt: [127.0.0.1]}}{tls[Named]}}}
    policy: {policy}
  Mixed:
    services:
      identity: {{frontend: "{s}://api.mixed.test:{mixed}/identity/v3", backend: "http://127.0.0.1:{b[3]}/identity"}}
      compute: {{frontend: "{s}://api.mixed.test:{mixed}/compute/v2.1", backend: "http://127.0.0.1:{b[4]}/compute"}}
      image:
        frontend: {{public: "{s}://image.mixed.test:{mixed}", internal: "{s}://127.0.0.1:{inside}"}}
        backend: "http://127.0.0.1:{b[5]}"
    gateway: {{timeouts: {{connect: 1, server: 2}}, limits: {{exempt: [127.0.0.1]}}{tls[Mixed]}}}
    policy: {policy}
  Ports:
    services:
      identity: {{frontend: "{s}://127.0.0.1:{p[0]}/v3", backend: "http://127.0.0.1:{b[6]}"}}
      compute: {{frontend: "{s}://127.0.0.1:{p[1]}/v2.1", backend: "http://127.0.0.1:{b[7]}"}}
      image: {{frontend: "{s}://127.0.0.1:{p[2]}", backend: "http://127.0.0.1:{b[8]}"}}
    gateway: {{timeouts: {{connect: 1, server: 2}}, limits: {{exempt: [127.0.0.1]}}{tls[Ports]}}}
    policy: {policy}
  Paths:
    services:
      identity: {{frontend: "{s}://127.0.0.1:{paths}/identity/v3", backend: "http://127.0.0.1:{b[9]}/identity"}}
      compute: {{frontend: "{s}://127.0.0.1:{paths}/compute/v2.1", backend: "http://127.0.0.1:{b[10]}/compute"}}
      image: {{frontend: "{s}://127.0.0.1:{paths}/image", backend: "http://127.0.0.1:{b[11]}/image"}}
    gateway: {{timeouts: {{connect: 1, server: 2}}, limits: {{exempt: [127.0.0.1]}}{tls[Paths]}}}
    policy: {policy}
"""
CLOUDS = ("Named", "Mixed", "Ports", "Paths")
POLICY = '{audit: reads, peers: {"*": {services: {"*": all}, people: [{name: anyone, roles: {member: member}}]}}}'
NAMES = ("identity.named.test", "compute.named.test", "image.named.test", "api.mixed.test", "image.mixed.test")
ADDRESSES = dict.fromkeys(NAMES, "127.0.0.1")
"""The addresses of the hosts, without DNS."""


@dataclass(frozen=True)
class HostCase:
    """A request to the socket of the endpoint ``to`` of ``at``. ``expect``: service, cloud and path at the backend, or an error.

    ``host``: the lines of the head with the host; ``target`` is that of the first line. ``sni``: the name in TLS. ``native``:
    HAProxy serves it alone.
    """

    name: str
    at: str
    target: str
    host: tuple[str, ...]
    expect: tuple[str, str, str] | tuple[int, str]
    to: str = "image.public"
    scope: str | None = None
    sni: str | None = None
    version: str = "1.1"
    native: bool = True


def _of(*hosts: str) -> tuple[str, ...]:
    return tuple(f"Host: {host}" for host in hosts)


NAMED_IMAGE = ("image", "Named", "/v2/images/i/file")
NAMED_COMPUTE = ("compute", "Named", "/v2.1/servers")
UNKNOWN = (421, "accepted in Host are: compute.named.test, identity.named.test, image.named.test")
WITHOUT = (400, "the request has no Host")

HOSTS = [
    HostCase("host: a service by its host", "Named", "/v2/images/i/file", _of("image.named.test"), NAMED_IMAGE),
    HostCase("host: another service at the socket", "Named", "/v2.1/servers", _of("compute.named.test"), NAMED_COMPUTE),
    HostCase(
        "host: the path decides nothing",
        "Named",
        "/v2/images/i/file",
        _of("compute.named.test"),
        ("compute", "Named", "/v2/images/i/file"),
    ),
    HostCase("host: with the port", "Named", "/v2/images/i/file", _of("image.named.test:{named}"), NAMED_IMAGE),
    HostCase("host: with another port", "Named", "/v2/images/i/file", _of("image.named.test:1"), NAMED_IMAGE),
    HostCase("host: with a colon and no port", "Named", "/v2/images/i/file", _of("image.named.test:"), NAMED_IMAGE),
    HostCase("host: in capitals", "Named", "/v2/images/i/file", _of("IMAGE.Named.TEST"), NAMED_IMAGE),
    HostCase("host: in capitals, with the port", "Named", "/v2/images/i/file", _of("IMAGE.Named.TEST:{named}"), NAMED_IMAGE),
    HostCase("host: unknown", "Named", "/v2/images/i/file", _of("image.other.test"), UNKNOWN),
    HostCase("host: of another cloud", "Named", "/v2/images/i/file", _of("image.mixed.test"), UNKNOWN),
    HostCase("host: the address", "Named", "/v2/images/i/file", _of("127.0.0.1:{named}"), UNKNOWN),
    HostCase("host: a part of a known one", "Named", "/v2/images/i/file", _of("image.named"), UNKNOWN),
    HostCase("host: a known one with more before it", "Named", "/v2/images/i/file", _of("x.image.named.test"), UNKNOWN),
    HostCase("host: a known one with more behind it", "Named", "/v2/images/i/file", _of("image.named.test.evil"), UNKNOWN),
    HostCase("host: a known one, a bar and more", "Named", "/v2/images/i/file", _of("image.named.test|x"), UNKNOWN),
    HostCase(
        "host: unknown, with a scope", "Named", "/v2/images/i/file", _of("image.other.test"), UNKNOWN, scope='{"image":"Ports"}'
    ),
    HostCase("host: empty", "Named", "/v2/images/i/file", _of(""), WITHOUT),
    HostCase("host: none", "Named", "/v2/images/i/file", (), (400, "")),
    HostCase("host: none, HTTP/1.0", "Named", "/v2/images/i/file", (), WITHOUT, version="1.0"),
    HostCase("host: HTTP/1.0", "Named", "/v2/images/i/file", _of("image.named.test"), NAMED_IMAGE, version="1.0"),
    HostCase("host: twice the same", "Named", "/v2/images/i/file", _of("image.named.test", "image.named.test"), NAMED_IMAGE),
    HostCase("host: two", "Named", "/v2/images/i/file", _of("image.named.test", "compute.named.test"), (400, "")),
    HostCase(
        "host: of the whole URL",
        "Named",
        "{s}://image.named.test:{named}/v2/images/i/file",
        _of("image.named.test:{named}"),
        NAMED_IMAGE,
    ),
    HostCase(
        "host: of the whole URL, and another one",
        "Named",
        "{s}://image.named.test:{named}/v2/images/i/file",
        _of("compute.named.test"),
        (400, ""),
    ),
    HostCase(
        "host: X-Forwarded-Host is none",
        "Named",
        "/v2/images/i/file",
        (*_of("image.named.test"), "X-Forwarded-Host: compute.named.test"),
        NAMED_IMAGE,
    ),
    HostCase(
        "host: a name that is in Python's header",
        "Named",
        "/v2/images/i/file",
        (*_of("image.named.test"), "X-Openstackoid-Listener: compute.named.test:1"),
        NAMED_IMAGE,
    ),
    HostCase(
        "host and path", "Mixed", "/compute/v2.1/servers", _of("api.mixed.test"), ("compute", "Mixed", "/compute/v2.1/servers")
    ),
    HostCase(
        "host and path: of another host",
        "Mixed",
        "/compute/v2.1/servers",
        _of("image.mixed.test"),
        ("image", "Mixed", "/compute/v2.1/servers"),
    ),
    HostCase(
        "host and path: unknown path",
        "Mixed",
        "/v2/images/i/file",
        _of("api.mixed.test"),
        (404, "no service is served at this path"),
    ),
    HostCase(
        "host and port: a socket of its own takes any host",
        "Mixed",
        "/v2/images/i/file",
        _of("compute.mixed.test"),
        ("image", "Mixed", "/v2/images/i/file"),
        to="image.internal",
    ),
    HostCase(
        "host and port: a socket of its own needs none",
        "Mixed",
        "/v2/images/i/file",
        (),
        ("image", "Mixed", "/v2/images/i/file"),
        to="image.internal",
        version="1.0",
    ),
    HostCase(
        "ports take any host", "Ports", "/v2/images/i/file", _of("image.named.test"), ("image", "Ports", "/v2/images/i/file")
    ),
    HostCase(
        "paths take any host",
        "Paths",
        "/image/v2/images/i/file",
        _of("image.named.test"),
        ("image", "Paths", "/image/v2/images/i/file"),
    ),
    *(
        HostCase(
            f"scope: from {at} to {there}",
            at,
            f"{prefix}/v2/images/i/file",
            _of(host),
            ("image", there, f"{'/image' if there == 'Paths' else ''}/v2/images/i/file"),
            scope=f'{{"image":"{there}"}}',
        )
        for at, prefix, host in (
            ("Named", "", "image.named.test"),
            ("Mixed", "", "image.mixed.test:{mixed}"),
            ("Ports", "", "127.0.0.1:{p[2]}"),
            ("Paths", "/image", "127.0.0.1:{paths}"),
        )
        for there in CLOUDS
    ),
    HostCase(
        "scope: compute of a host with paths",
        "Named",
        "/v2.1/servers",
        _of("compute.named.test"),
        ("compute", "Mixed", "/compute/v2.1/servers"),
        to="compute.public",
        scope='{"compute":"Mixed"}',
        native=False,
    ),
]

SERVER_NAMES = [
    HostCase("SNI: that of Host", "Named", "/v2/images/i/file", _of("image.named.test"), NAMED_IMAGE, sni="image.named.test"),
    HostCase("SNI: in capitals", "Named", "/v2/images/i/file", _of("image.named.test"), NAMED_IMAGE, sni="IMAGE.named.test"),
    HostCase("SNI: none", "Named", "/v2/images/i/file", _of("image.named.test"), NAMED_IMAGE),
    HostCase("SNI: of no service", "Named", "/v2/images/i/file", _of("image.named.test"), NAMED_IMAGE, sni="proxy.test"),
    HostCase(
        "SNI: of another service",
        "Named",
        "/v2/images/i/file",
        _of("image.named.test"),
        (421, "the connection was opened for compute.named.test, and the request is for image.named.test"),
        sni="compute.named.test",
    ),
    HostCase(
        "SNI: of another service, with a scope",
        "Named",
        "/v2/images/i/file",
        _of("image.named.test"),
        (421, "the connection was opened for compute.named.test"),
        sni="compute.named.test",
        scope='{"image":"Ports"}',
    ),
    HostCase("SNI: unknown Host", "Named", "/v2/images/i/file", _of("x.test"), UNKNOWN, sni="image.named.test"),
    HostCase(
        "SNI: at a socket of its own",
        "Ports",
        "/v2/images/i/file",
        _of("x.test"),
        ("image", "Ports", "/v2/images/i/file"),
        sni="y.test",
    ),
    HostCase("SNI: no Host", "Named", "/v2/images/i/file", (), (400, ""), sni="image.named.test"),
    HostCase("SNI: no Host, HTTP/1.0", "Named", "/v2/images/i/file", (), WITHOUT, sni="image.named.test", version="1.0"),
]
