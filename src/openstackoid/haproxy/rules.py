# SPDX-License-Identifier: Apache-2.0
"""The scope's interpretation as HAProxy rules: :func:`openstackoid.routing.decide`, as far as HAProxy can prove that it agrees.

A request carries at most one scope that HAProxy reads: in ``X-Scope``, in ``X-Auth-Token``, or, towards Keystone, in
``X-Subject-Token``. Its text must match one strict pattern, each of its entries must name a service that its cloud offers, and no
service may be named twice. Whatever else is possible sets ``txn.bridge``, and Python decides. The conformance tests hold both to
one table. Most requests end at one of the first rules: they say no scope, or one that has been looked through before.
"""

from collections.abc import Collection, Sequence

from openstackoid.haproxy import hardening, known
from openstackoid.haproxy.answers import request_rules
from openstackoid.haproxy.egress import home_rules
from openstackoid.haproxy.maps import CLOUDS, ENDPOINTS, OFFERS, RELINKED
from openstackoid.haproxy.path_patterns import document_paths, image_paths
from openstackoid.haproxy.peers import place_rules
from openstackoid.haproxy.tls import nobodys_word, sender_rules, told_to_the_bridge
from openstackoid.haproxy.tokens import ANYWHERE, IN_BODY, MARKED, MARKS, carried_rules, sent_rules
from openstackoid.haproxy.trace import own_pages_and_traces
from openstackoid.haproxy.wire_version import looked_up, spoken_rules
from openstackoid.mesh import Cloud
from openstackoid.routing import CATALOG_PATH, IDENTITY, MARK, READS, REQUEST_ID, TOKENS_PATH, TRACE
from openstackoid.routing.backend_names import PEER, bind_ids
from openstackoid.routing.images import FOLLOWED_READS, FOLLOWED_WRITES
from openstackoid.routing.reading import NOT_FOR_SCOPES
from openstackoid.scope import LEADERS, MAX_LENGTH

NATIVE_ENTRIES = 8
"""The most entries of a scope that HAProxy reads by itself; each costs three look-ups, once."""

# With room for the home that is written in: "*":"<64 characters>", is 71 characters long.
_LONGEST = MAX_LENGTH - 71
_BRIDGE = "http-request set-var(txn.bridge) bool(true)"
_ENTRY = '"[a-z*][a-z0-9-]*" *: *"[A-Za-z0-9._-]+"'
# Between two tokens stands one run of spaces, never two: or a scope of many spaces would be tried in every way to divide them.
_SCOPE = rf"^\{{ *{_ENTRY}( *, *{_ENTRY})* *\}}$"
# HAProxy compiles patterns without numbered groups, but a group with a name can be referred to.
_TWICE = r'"(?P<service>[^"]+)":"[^"]+",(.*,)?"(?P=service)":'
_UNDERSCORED = (
    "^x(?=.*_)[-_](auth[-_]token|storage[-_]token|subject[-_]token|service[-_]token|"
    rf"{REQUEST_ID[2:].replace('-', '[-_]')})$"
)
_ONE_BYTE_JSON = r'^[ \t\r\n]*\{[ \t\r\n]*["}]'
_TELLING = "x-s|authorization|upgrade|x-openstackoid-|_|x-auth-token,(.*,)?x-auth-token"
"""In the names of headers whose presence alone has rules look at a request.

The first finds X-Scope and the tokens but the user's; ``_``, names that a WSGI server reads as others; the last, two tokens.
"""

_EASY = f"{{ var(txn.endpoint) -m found }} !is_identity {hardening.SIMPLE}"


def rules(cloud: Cloud, watched: Collection[str], sharing: Sequence[str]) -> list[str]:
    """Return the ``http-request`` and ``use_backend`` rules of the gateway of ``cloud``.

    ``watched``: the services whose scoped requests the bridge looks at before they begin, where they change something;
    ``sharing``: the clouds that share a data plane with this one.
    """
    return [
        *sender_rules(cloud),
        *request_rules(),
        *_what_is_asked(cloud),
        *known.using(cloud, document_paths(cloud), image_paths(cloud, FOLLOWED_READS)),
        *spoken_rules(cloud),
        *hardening.underscore_rules(),
        *nobodys_word(),
        *own_pages_and_traces(),
        *_what_is_odd(cloud),
        *_which_scope(),
        *_is_it_well_formed(),
        *_which_cloud(cloud),
        *_whose_token(cloud),
        *_workflows(cloud, watched),
        *hardening.loop_rules(),
        *hardening.expectation_rules(),
        *_identity(cloud),
        *home_rules(),
        *known.learning(cloud),
        *sent_rules(cloud, sharing),
        *_where_to(cloud),
    ]


def _what_is_asked(cloud: Cloud) -> list[str]:
    identity = [endpoint.key for endpoint in cloud.endpoints if endpoint.service == IDENTITY]
    return [
        "# What is asked: the endpoint that the socket and the path name.",
        "http-request set-var(txn.path) path",
        f"http-request set-var(txn.endpoint) so_id,concat(,txn.path,/),map_beg({ENDPOINTS})",
        f"acl is_identity var(txn.endpoint) -m str {' '.join(identity) or 'none'}",
        "# Nothing of a scope, nor the id of a workflow: the other rules are not about this request.",
        f"acl says_more req.hdr_names -m reg {_TELLING}",
        f"http-request allow if !says_more {_EASY}"
        f" !{{ req.fhdr(x-auth-token,1) -m sub {MARKS} }} !{{ req.fhdr({REQUEST_ID}) -m beg {MARK} {TRACE} }}",
    ]


def _what_is_odd(cloud: Cloud) -> list[str]:
    once = " or ".join(
        f"{{ req.fhdr_cnt({name}) gt 1 }}" for name in ("x-auth-token", "x-scope", "x-subject-token", "x-service-token")
    )
    return [
        "# The key of a path without its slash (`GET 1/image`, `OPTIONS *`) would be that of another socket, or of a root.",
        f"{_BRIDGE} if !{{ var(txn.endpoint) -m found }} or !{{ path -m beg / }}",
        f"{_BRIDGE} if {once}",
        *hardening.request_rules(),
        *hardening.url_scope_rules(cloud),
        f"acl says_scope req.hdrs -m sub {MARK} {TRACE}",
        f"acl says_scope req.hdrs -m sub -i {ANYWHERE}",
        f"acl says_scope req.fhdr(x-auth-token) -m sub {MARKS}",
        f"acl says_scope req.fhdr(x-service-token) -m sub {MARKS}",
        "acl says_x_scope req.fhdr_cnt(x-scope) gt 0",
        "http-request allow if !{ var(txn.bridge) -m found } !is_identity !says_scope !says_x_scope",
        "http-request set-var(txn.key) so_id,concat(,txn.path,/)",
        "# To a WSGI server, X_Auth_Token is X-Auth-Token: with a scope in it that nobody has decided upon.",
        f"http-request del-header '{_UNDERSCORED}' -m reg",
        "# A service would take it for the user's token, which then nobody has looked at.",
        *(f"{_BRIDGE} if {{ req.fhdr({name}) -m sub -i {ANYWHERE} }}" for name in NOT_FOR_SCOPES),
    ]


def _which_scope() -> list[str]:
    return [
        "# Which scope: of one source, or Python compares them.",
        "acl has_plain req.fhdr(x-scope) -m found",
        "acl has_auth req.fhdr(x-auth-token) -m len gt 0",
        f"acl auth_marked req.fhdr(x-auth-token) -m sub {MARKS}",
        f"acl subject_marked req.fhdr(x-subject-token) -m sub {MARKS}",
        "acl has_service req.fhdr(x-service-token) -m len gt 0",
        f"acl service_marked req.fhdr(x-service-token) -m sub {MARKS}",
        "http-request set-var(txn.scope) req.fhdr(x-scope) if has_plain",
        *carried_rules(_BRIDGE),
        "acl is_traced var(txn.record) -m found",
        "http-request set-var(txn.via) str(header) if is_traced has_plain",
        "http-request set-var(txn.via) str(token) if is_traced auth_marked or is_traced is_identity subject_marked",
        f"{_BRIDGE} if has_plain auth_marked or is_identity subject_marked has_plain"
        " or is_identity subject_marked auth_marked or is_identity service_marked",
    ]


def _is_it_well_formed() -> list[str]:
    open_question = "{ var(txn.scope) -m found } !{ var(txn.bridge) -m found }"
    checks = [
        "# Is it well-formed: by one pattern, and each entry by a look-up of its text.",
        f"{_BRIDGE} if auth_marked !{{ req.fhdr(x-auth-token) -m reg '{MARKED}' }}",
        f"{_BRIDGE} if is_identity subject_marked !{{ req.fhdr(x-subject-token) -m reg '{MARKED}' }}",
        f"{_BRIDGE} if {open_question} {{ var(txn.scope) -m len gt {_LONGEST} }}",
        f"{_BRIDGE} if {open_question} !{{ var(txn.scope) -m reg '{_SCOPE}' }}",
        "# No name holds a space, so those that are left stand between tokens.",
        f"http-request set-var(txn.scope) var(txn.scope),regsub(' ','',g) if {open_question} {{ var(txn.scope) -m sub ' ' }}",
        f"{_BRIDGE} if {open_question} {{ var(txn.scope) -m reg '{_TWICE}' }}",
        f"http-request set-var(txn.entries) var(txn.scope),ltrim({{),rtrim(}}) if {open_question}",
    ]
    has_entries = "{ var(txn.entries) -m found }"
    for number in range(1, NATIVE_ENTRIES + 1):
        said = f"{has_entries} {{ {_entry(number)} -m len gt 0 }}"
        checks += [
            f"http-request set-var(txn.service) {_entry(number, _SERVICE)} if {said}",
            f"http-request set-var(txn.shape) {_entry(number, _SHAPE)} if {said}",
            f"{_BRIDGE} if {said} !{{ var(txn.shape),concat(/,txn.service),map_str({OFFERS}) -m found }}",
        ]
    beyond = _entry(NATIVE_ENTRIES + 1)
    return [
        *checks,
        f"{_BRIDGE} if {has_entries} {{ {beyond} -m len gt 0 }}",
        f"http-request set-var(txn.decided) bool(true) if {has_entries} !{{ var(txn.bridge) -m found }}",
        "acl decided var(txn.decided) -m found",
    ]


_SERVICE = ",field(2,'\\\"')"
_SHAPE = f",field(4,'\\\"'),map_str({CLOUDS},-|none),field(2,|)"


def _entry(number: int, converters: str = "") -> str:
    """Return the expression of one entry's text; HAProxy wants the comma in quotes of its own."""
    return f"\"var(txn.entries),field({number},','){converters}\""


def _which_cloud(cloud: Cloud) -> list[str]:
    lines = ["# Which cloud: the service's entry, else that of the service it follows, else '*', else home."]
    for service in sorted(cloud.services):
        asked = f"if decided {{ var(txn.endpoint) -m str {_keys(cloud, {service})} }}"
        lines.append(f"http-request set-var(txn.named) var(txn.scope),json_query('$.{service}') {asked}")
        if service in LEADERS:
            led = f"json_query('$.{LEADERS[service]}') {asked} !{{ var(txn.named) -m found }}"
            lines.append(f"http-request set-var(txn.named) var(txn.scope),{led}")
    home = f'{{\\"*\\":\\"{cloud.name}\\",'
    documents, images = "{ var(txn.relinked) -m str documents images } METH_GET", "{ var(txn.relinked) -m str images }"
    abroad = f"decided {{ var(txn.named) -m found }} !{{ var(txn.named) -m str {cloud.name} }}"
    return [
        *lines,
        "http-request set-var(txn.named) var(txn.scope),json_query('$.*') if decided !{ var(txn.named) -m found }",
        "http-request set-var(txn.starred) bool(true) if decided { var(txn.scope) -m sub '\"*\":' }",
        f'http-request set-var-fmt(txn.scope) "{home}%[var(txn.scope),bytes(1)]" if decided !{{ var(txn.starred) -m found }}',
        *place_rules(f"if {abroad}"),
        f"{_BRIDGE} if {abroad} !{{ var(txn.at) -m found }}",
        "acl is_foreign var(txn.at) -m found",
        looked_up("if is_foreign"),
        "# Answers whose links would lead out of the gateway: the bridge mends them. A WebSocket has none.",
        f"http-request set-var(txn.relinked) var(txn.place),field(2,|),concat(/,txn.endpoint),map_str({RELINKED}) if is_foreign"
        " !{ req.fhdr(upgrade) -m sub -i websocket }",
        f"{_BRIDGE} if {{ var(txn.relinked) -m str all }} or {documents} {{ path -m reg '{document_paths(cloud)}' }}"
        f" or {documents} {{ var(txn.path_read) -m reg '{document_paths(cloud)}' }}",
        "# What services here follow of an image service.",
        f"{_BRIDGE} if {images} METH_GET {{ pathq -m reg '{image_paths(cloud, FOLLOWED_READS)}' }}"
        f" or {images} !METH_GET !{{ method DELETE }} {{ pathq -m reg '{image_paths(cloud, FOLLOWED_WRITES)}' }}",
    ]


def _whose_token(cloud: Cloud) -> list[str]:
    """A token of another cloud comes to a service of this one by the bridge alone, which has the policy."""
    stays = "if decided has_auth !is_identity !is_foreign"
    named, ours = "{ var(txn.scope) -m sub '\"identity\":' }", f'{{ var(txn.scope) -m sub \'"identity":"{cloud.name}"\' }}'
    home = f'{{ var(txn.scope) -m sub \'"*":"{cloud.name}"\' }}'
    return [
        "# Whose token, of what stays: the cloud that 'identity' names, else '*', which is written in by now.",
        f"{_BRIDGE} {stays} {named} !{ours}",
        f"{_BRIDGE} {stays} !{named} !{home}",
        # What only another gateway may say, and what none may: Python compares it with the sender's certificate.
        f"{_BRIDGE} if service_marked",
        *([f"{_BRIDGE} if is_foreign {{ var(sess.from) -m found }}"] if cloud.tls else []),
    ]


def _workflows(cloud: Cloud, watched: Collection[str]) -> list[str]:
    """What begins a workflow is Python's, which may refuse it and has the memory; and so is what may be remembered."""
    lines = [
        "# Workflows: what changes something under a scope, and hops that bring no scope but the id of a workflow.",
        f"acl in_workflow req.fhdr({REQUEST_ID}) -m beg {MARK} {TRACE}",
        f"{_BRIDGE} if in_workflow has_auth !is_identity !{{ var(txn.scope) -m found }}",
    ]
    keys = _keys(cloud, watched).split()
    # HAProxy takes 64 words of a line.
    lines += [f"acl is_watched var(txn.endpoint) -m str {' '.join(keys[at : at + 32])}" for at in range(0, len(keys), 32)]
    if keys:
        lines.append(f"{_BRIDGE} if decided is_watched !{{ method {' '.join(READS)} }}")
    return lines


def _keys(cloud: Cloud, services: Collection[str]) -> str:
    return " ".join(endpoint.key for endpoint in cloud.endpoints if endpoint.service in services)


def _identity(cloud: Cloud) -> list[str]:
    """Answers that hold a catalog come from the bridge, and so do tokens whose scope stands in the body."""
    ids = bind_ids(cloud)
    roots = sorted(
        {f"{ids[endpoint.listener]}{endpoint.frontend.prefix}" for endpoint in cloud.endpoints if endpoint.service == IDENTITY}
    )
    if not roots:
        return []
    tokens = " ".join(f"{root}{TOKENS_PATH}/" for root in roots)
    catalogs = " ".join(f"{root}{CATALOG_PATH}/" for root in roots)
    return [
        "# Keystone: what holds a catalog, and scopes in a body (or what may hide one), are the bridge's.",
        f"acl is_tokens var(txn.key) -m str {tokens}",
        f"acl is_catalog var(txn.key) -m str {catalogs}",
        "# Another way to write such a path, which Keystone would understand.",
        "acl is_odd path -m reg '%|//|/\\.|/auth/.*/$'",
        f"{_BRIDGE} if is_identity is_odd METH_POST or is_identity is_odd {{ var(txn.scope) -m found }}",
        f"{_BRIDGE} if is_identity is_foreign subject_marked or is_foreign is_tokens !{{ method DELETE }}"
        " or is_foreign is_catalog",
        "http-request wait-for-body time 10s if is_tokens METH_POST !{ var(txn.bridge) -m found }",
        "# Only a body that is here as a whole, and in one byte a character, has been looked through.",
        "http-request set-var(txn.arrived) req.body_len if is_tokens METH_POST",
        f"{_BRIDGE} if is_tokens METH_POST {{ req.body_size,sub(txn.arrived) gt 0 }}",
        f"{_BRIDGE} if is_tokens METH_POST {{ req.fhdr(transfer-encoding) -m found }}",
        f"{_BRIDGE} if is_tokens METH_POST !{{ req.body_len 0 }} !{{ req.body -m reg '{_ONE_BYTE_JSON}' }}",
        f"{_BRIDGE} if is_tokens METH_POST {{ req.body -m sub {IN_BODY} }}",
    ]


def _where_to(cloud: Cloud) -> list[str]:
    listeners = [
        f"http-request set-header X-Openstackoid-Listener {listener} if {{ var(txn.bridge) -m found }} {{ so_id {number} }}"
        for listener, number in bind_ids(cloud).items()
    ]
    return [
        "# Where to. The default is the bridge: a name that HAProxy does not know may not end in some other cloud.",
        *listeners,
        *told_to_the_bridge(cloud),
        "use_backend bridge if { var(txn.bridge) -m found }",
        f"use_backend {PEER} if {{ var(txn.place) -m found }}",
        "use_backend local.%[var(txn.endpoint)]",
        "default_backend bridge",
    ]
