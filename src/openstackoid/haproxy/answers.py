# SPDX-License-Identifier: Apache-2.0
"""Rewrite links in the headers of answers by HAProxy rules, with :mod:`openstackoid.routing.links` as ``links.map``.

The rules split a link into host and path. The longest prefix in the map gives the number of segments to cut, and our frontend in
their place. The rules are the same for every peer; the map grows with the mesh.
"""

from openstackoid.haproxy.hardening import FORBIDDEN
from openstackoid.haproxy.listeners import listener
from openstackoid.haproxy.maps import HOSTS, LINKS, most_hosts
from openstackoid.haproxy.upstream import answer_for_python
from openstackoid.mesh import DEFAULT_PORTS, HTTPS, INTERFACES, Cloud, Mesh
from openstackoid.routing import IDENTITY, link_schemes, own_identity
from openstackoid.routing.links import CHALLENGE, GATEWAYS_OWN, GIVEN_BY_KEYSTONE
from openstackoid.routing.paths import CLIMBS, NEVER_RAW

LOCAL = "local"
"""The ``defaults`` section with the rules for the gateway's own backends."""

_ASKED_OF_A_PEER = "%[var(txn.route),field(2,|)]/%[var(txn.endpoint)]"
_OURS = "{ var(txn.link_place) -m found }"
_HOST = "capture.req.hdr(0)"
_LONGEST_HOST = 320
"""Characters: a name of DNS, or an address of IPv6 with its zone, and a port."""

_SAME_SOCKET = f"{{ var(txn.link_place),field(2,|),strcmp(txn.link_socket) eq 0 }} {{ {_HOST} -m found }}"


def kept_host() -> list[str]:
    """Return the lines of the clients' frontend that keep the host of each request for the links of its answer."""
    return ["# The client's host, which links in the answer may name.", f"capture request header Host len {_LONGEST_HOST}"]


def local_rules(mesh: Mesh, cloud: Cloud) -> list[str]:
    """Return the rules for the answers of the gateway's own services, some of which omit their prefix, or the scheme."""
    return [_leave_unless(_has("Location")), *answer_for_python(), *_mended("Location", "%[var(txn.endpoint)]", [], mesh, cloud)]


def peer_rules(mesh: Mesh, cloud: Cloud, astray: str) -> list[str]:
    """Return the rules for the answers of peers: their links, and the Keystone that they name.

    ``astray``: the rest of the rule that answers in place of a redirect elsewhere.
    """
    named = _named_by_peers(most_hosts(mesh, cloud.name))
    return [
        *_mended("Location", _ASKED_OF_A_PEER, named, mesh, cloud),
        *_redirects(astray),
        *_mended("Content-Location", _ASKED_OF_A_PEER, named, mesh, cloud),
        f"http-response del-header Content-Location unless {_OURS}",
        *_credentials(cloud),
    ]


def _credentials(cloud: Cloud) -> list[str]:
    """Return the rules for a peer's headers about log-ins: no other Keystone, and tokens by Keystone alone."""
    challenge = "res.fhdr(www-authenticate)"
    lines = [
        "# A client is sent to no other Keystone than this cloud's, and is given a token by Keystone alone.",
        f"http-response del-header {GIVEN_BY_KEYSTONE} unless {{ var(txn.endpoint) -m beg {IDENTITY}. }}",
        f"http-response del-header WWW-Authenticate if {{ res.fhdr_cnt(www-authenticate) gt 1 }}"
        f" or !{{ {challenge} -m reg '{CHALLENGE}' }}",
    ]
    for interface in INTERFACES:
        frontend_endpoints = [endpoint for endpoint in cloud.endpoints if endpoint.interfaces[0] == interface]
        frontend = own_identity(cloud, frontend_endpoints[0]) if frontend_endpoints else None
        asked = f"{{ var(txn.endpoint) -m end .{interface} }}"
        lines.append(
            f"http-response del-header WWW-Authenticate if {asked} {{ {challenge} -m beg Keystone }}"
            if frontend is None
            else 'http-response replace-header WWW-Authenticate \'^Keystone uri="[^"]*?((?:/v[0-9.]+)?)/?"$\''
            f" 'Keystone uri=\"{frontend.root()}\\1\"' if {asked}"
        )
    return lines


def _redirects(astray: str) -> list[str]:
    """Return the rules that let a peer redirect reads within the requested service only.

    A client repeats the request, with its tokens, at ``Location``. They follow the rules for ``Location``.
    """
    redirect = "{ status 300:303 305:399 } { res.fhdr(location) -m found }"
    asked = "{ var(txn.link_place),field(5,|),strcmp(txn.endpoint) eq 0 }"
    return [
        "# A redirect of a peer: of a read, within the service that was asked, or none.",
        f"http-response set-var(txn.within) bool(true) if {_OURS} {asked} METH_GET {{ res.fhdr_cnt(location) eq 1 }}"
        " { res.fhdr(location) -m reg '^[!-~]+$' }"
        f" !{{ var(txn.link_path),field(1,?) -m reg -i '{CLIMBS}|{NEVER_RAW}' }}",
        f"http-response return {astray} if {redirect} !{{ var(txn.within) -m found }}",
    ]


def peer_answers() -> list[str]:
    """Return the rule by which most answers of peers skip the others: they have none of these headers."""
    names = {"location", "www-authenticate", "x-openstackoid-", GATEWAYS_OWN, GIVEN_BY_KEYSTONE, *FORBIDDEN}
    telling = sorted(name for name in names if not any(other in name for other in names - {name}))
    return [f"http-response allow if !{{ status 503 }} !{{ res.hdr_names -m sub {' '.join(telling)} }}"]


def _named_by_peers(hosts: int) -> list[str]:
    """Return the rules that make the key of a link to one of the peer's hosts, of which it has at most ``hosts``."""
    elsewhere = "{ var(txn.link_path) -m found } !{ var(txn.link_key) -m found }"
    places = ["var(txn.route),field(3,|)"]
    places += [f"var(txn.cloud),concat(/{number}),map_str({HOSTS}),field(1,|)" for number in range(1, hosts)]
    return [
        f"http-response set-var(txn.link_name) var(txn.link_at),regsub(':[0-9]+$','') if {elsewhere}",
        f"http-response set-var(txn.link_port) var(txn.link_at),regsub('^\\[[^]]*\\]',''),regsub('^[^:]*','') if {elsewhere}",
        *(
            f"http-response set-var(txn.link_number) int({number}) if {elsewhere}"
            f" {{ {place},lower,strcmp(txn.link_name) eq 0 }} !{{ var(txn.link_number) -m found }}"
            for number, place in enumerate(places)
        ),
        'http-response set-var-fmt(txn.link_key) "%[var(txn.route),field(2,|)]/%[var(txn.endpoint),field(2,.)]'
        '|%[var(txn.link_number)]%[var(txn.link_port)]%[var(txn.link_path),field(1,?)]/"'
        f" if {elsewhere} {{ var(txn.link_number) -m found }}",
    ]


def _deepest(mesh: Mesh, cloud: Cloud) -> int:
    """Return the number of segments of the longest prefix that ``links.map`` may hold."""
    layouts = {own.layout for own in mesh.frontends.values()}
    paths = [endpoint.frontend.prefix for layout in layouts for endpoint in layout.endpoints]
    paths += [address.path for endpoint in cloud.endpoints for address in endpoint.backends]
    return max(path.count("/") for path in paths)


def _spoken(cloud: Cloud) -> list[str]:
    """Return the schemes that clients use at this gateway."""
    return sorted({endpoint.frontend.scheme for endpoint in cloud.endpoints})


def _has(header: str) -> str:
    return f"{{ res.fhdr({header}) -m found }}"


def _leave_unless(*conditions: str) -> str:
    """Return the rule by which most answers skip the other rules of this section, not of the frontend's."""
    return f"http-response allow unless {' or '.join(conditions)}"


def _mended(header: str, asked: str, named: list[str], mesh: Mesh, cloud: Cloud) -> list[str]:
    """Return the rules for one header; ``asked``: the format of the map's key for the requested service.

    ``named``: the rules that make a key of a link to another host than the client's.
    """
    schemes = link_schemes(cloud)
    absolute = " ".join(f"{scheme}://" for scheme in schemes)
    origin = f"^http{'s?' if HTTPS in schemes else ''}://[^/?]*"
    plain = ",".join(f"regsub(':{DEFAULT_PORTS[scheme]}$','')" for scheme in schemes)
    spoken = [("", scheme) for scheme in _spoken(cloud)]
    if len(spoken) > 1:
        spoken = [(" { ssl_fc }" if scheme == HTTPS else " !{ ssl_fc }", scheme) for _, scheme in spoken]
    link, at, path = (f"{{ var(txn.{name}) -m found }}" for name in ("link", "link_at", "link_path"))
    own = "{ var(txn.link_at),strcmp(txn.link_host) eq 0 }"
    return [
        f"# A link in {header}: its target, and whether that is ours.",
        *(
            f"http-response unset-var(txn.{name})"
            for name in ("link", "link_at", "link_path", "link_key", "link_number", "link_place", "link_origin")
        ),
        f"http-response set-var(txn.link) res.fhdr({header})",
        f"http-response set-var(txn.link_host) {_HOST},lower,{plain} if {link}",
        f"http-response set-var-fmt(txn.link_socket) %[{listener(cloud)}] if {link}",
        f"http-response set-var(txn.link_at) var(txn.link),field(3,/),field(1,?),lower,{plain} if {link}"
        f" {{ var(txn.link) -m beg {absolute} }}",
        f"http-response set-var(txn.link_path) var(txn.link),regsub('{origin}','') if {link}"
        f" {{ var(txn.link) -m beg {absolute} / }} !{{ var(txn.link) -m beg // }}",
        f'http-response set-var-fmt(txn.link_key) "{asked}|%[var(txn.link_path),field(1,?)]/" if {path} {own} or {path} !{at}',
        *named,
        f"http-response set-var(txn.link_place) var(txn.link_key),map_beg({LINKS}) if {{ var(txn.link_key) -m found }}",
        *(
            f"http-response set-var(txn.link_path) var(txn.link_path),regsub('^{'/[^/?]*' * cut}','')"
            f" if {_OURS} {{ var(txn.link_place) -m beg {cut}| }}"
            for cut in range(1, _deepest(mesh, cloud) + 1)
        ),
        f'http-response set-var-fmt(txn.link_path) "%[var(txn.link_place),field(4,|)]%[var(txn.link_path)]" if {_OURS}',
        f'http-response set-var-fmt(txn.link_path) "/%[var(txn.link_path)]" if {_OURS} !{{ var(txn.link_path) -m beg / }}',
        "# Two slashes would begin a host.",
        f"http-response set-var(txn.link_path) var(txn.link_path),regsub('^//+','/') if {_OURS}",
        "# A path stays a path; of our sockets, the one that the client spoke to has the name that it used.",
        f"http-response set-var(txn.link_origin) var(txn.link_place),field(3,|) if {_OURS} {at}",
        *(
            f"http-response set-var-fmt(txn.link_origin) {scheme}://%[{_HOST}] if {_OURS} {at} {_SAME_SOCKET}{where}"
            for where, scheme in spoken
        ),
        f'http-response set-header {header} "%[var(txn.link_origin)]%[var(txn.link_path)]" if {_OURS}',
    ]
