# SPDX-License-Identifier: Apache-2.0
"""What HAProxy learns: where a scope leads that its rules have looked through once. The next request like it costs one look-up.

The key is all of a request that the rules would look at: the names of its headers, the endpoint, and the scope as written. It is
compared as a whole, and is learnt only where everything else that the rules look at does not matter. The value is the number of
the cloud, none for this one, and above it the form of the scope, which says what is to be put into the token; the highest bit
says that the bridge reads some of the answers.
"""

from openstackoid.haproxy.hardening import SIMPLE
from openstackoid.haproxy.maps import NUMBERS
from openstackoid.haproxy.tokens import NEWER, OLDER
from openstackoid.haproxy.wire_version import ANNOUNCED, looked_up
from openstackoid.mesh import Cloud
from openstackoid.routing import REQUEST_ID, TRACE
from openstackoid.routing.images import IMAGE

TABLE = "known"
ENTRIES, SECONDS = 16_384, 600
"""How many are remembered, and for how long: then the rules are asked again."""

LONGEST = 768
"""The longest key. A longer one is never learnt; of a look-up, HAProxy cuts what is longer, which then is in no entry."""

_OLDER, _COMPACT, _SPACED, _STARRED, _NEWER = 1, 2, 3, 4, 5
_FORM, _DOCUMENTS = 2**24, 2**27
# Of two, the names in the key tell.
_AUTH, _SCOPE = "req.fhdr(x-auth-token,1)", "req.fhdr(x-scope,1)"
_KNOWN = "{ var(txn.known) -m int gt 0 }"
# Whose values the rules look at, or whose spelling.
_NAMES = "_ upgrade via expect authorization x-service-token x-storage-token x-openstackoid-"


def _key(names: str) -> str:
    """Return the expression of the key; ``names`` is that of the headers' names. No name, endpoint or scope holds a space alone.

    What follows the mark in a token and what stands in X-Scope are not confused: in one case X-Scope is among the names.
    """
    return f"{names},concat(' ',txn.endpoint,' '),concat(,txn.said)"


def table() -> list[str]:
    """Return the lines of the section that holds the table."""
    return [f"stick-table type string len {LONGEST} size {ENTRIES} expire {SECONDS}s store gpt0"]


def using(cloud: Cloud, documents: str, images: str) -> list[str]:
    """Return the rules that end the matter for a request that is known; they look at what the key does not hold.

    ``documents`` is the pattern of paths that are those of version documents; ``images`` that of paths and queries of an image
    service whose answers the bridge reads, too.
    """
    peer = " !{ var(sess.from) -m found }" if cloud.secure_listeners else ""
    asked = f"METH_GET{peer} {SIMPLE} !{{ req.fhdr({REQUEST_ID}) -m beg {TRACE} }}"
    look = f"http-request set-var(txn.known) {_key('req.hdr_names')},table_gpt0({TABLE}) if is_text"
    home = f'{{\\"*\\":\\"{cloud.name}\\",'
    said, carried, text = (f"{{ var(txn.{name}) -m found }}" for name in ("said", "carried", "scope"))
    older = f"{{ var(txn.place) -m found }} !{ANNOUNCED}"
    read = f"{{ var(txn.known) -m int ge {_DOCUMENTS} }}"
    # A pattern copies the token faster than a format, which looks at each character for what to escape.
    write = "http-request replace-header X-Auth-Token ^([^!~]+).*$"

    def is_form(number: int) -> str:
        ranges = (f"{bit + number * _FORM}:{bit + (number + 1) * _FORM - 1}" for bit in (0, _DOCUMENTS))
        return f"{{ var(txn.known) -m int {' '.join(ranges)} }}"

    return [
        "# What has been looked through before: the same scope, asked in the same way.",
        # HAProxy 2.6 lets a NUL pass, at which a key would end.
        ".if version_atleast(2.8)",
        "acl is_text always_true",
        ".else",
        "acl is_text var(txn.said) -m end }",
        "acl is_text var(txn.said) -m reg ^[A-Za-z0-9_-]+$",
        ".endif",
        f"http-request set-var(txn.said) {_SCOPE}",
        f"{look} {said} {asked} {{ {_AUTH} -m reg ^[^!~%]+$ }}",
        f"http-request set-var(txn.carried) {_AUTH},field(2,~) if !{said} {{ {_AUTH} -m reg ^[^!~%]+~[^!~]+$ }}",
        f"http-request set-var(txn.carried) {_AUTH},field(2,!,0) if !{said} !{carried} {{ {_AUTH} -m reg ^[^!~%]+!SCOPE! }}",
        f"http-request set-var(txn.said) var(txn.carried) if {carried}",
        f"{look} {carried} {asked}",
        f"acl is_image var(txn.endpoint) -m beg {IMAGE}.",
        f"http-request unset-var(txn.known) if {read} {{ path -m reg '{documents}' }}"
        f" or {read} is_image {{ pathq -m reg '{images}' }}",
        f"http-request set-var(txn.place) var(txn.known),and({_FORM - 1}),map_int({NUMBERS})"
        f" if {{ var(txn.known),and({_FORM - 1}) -m int gt 0 }}",
        looked_up("if { var(txn.place) -m found }"),
        f'http-request set-var-fmt(txn.scope) "{home}%[var(txn.said),bytes(1)]" if {is_form(_COMPACT)}',
        f"http-request set-var-fmt(txn.scope) \"{home}%[var(txn.said),bytes(1),regsub(' ','',g)]\" if {is_form(_SPACED)}",
        f"http-request set-var(txn.scope) var(txn.said) if {is_form(_STARRED)}",
        f"http-request set-var(txn.scope) var(txn.said),bytes(6) if {is_form(_OLDER)}",
        f"http-request set-var(txn.scope) var(txn.said),ub64dec if {is_form(_NEWER)} {older}",
        f'{write} "\\1{OLDER}" if {text} {older}',
        f'{write} "\\1{NEWER}" if {text} !{{ var(txn.place) -m found }} or {text} {ANNOUNCED}',
        f"http-request del-header X-Scope if {_KNOWN}",
        f"http-request allow if {_KNOWN}",
        "# Other rules may change the headers.",
        "http-request set-var(txn.names) req.hdr_names",
    ]


def learning(cloud: Cloud) -> list[str]:
    """Return the rules that learn; they stand where all is decided and nothing changed yet, but that the scope is complete.

    They need ``txn.starred``: the scope came with an entry for every other service.
    """
    free = (
        "decided has_auth !is_identity !{ var(txn.bridge) -m found } { var(txn.known) -m found }"
        f" !{{ var(txn.names) -m sub {_NAMES} }} !{{ var(txn.relinked) -m str all }}"
    )
    starred = "{ var(txn.starred) -m found }"
    lesson = "http-request set-var(txn.lesson)"
    return [
        "# Learn it, where nothing else in the request has a say.",
        "acl says_spaces req.fhdr(x-scope) -m sub ' '",
        "acl says_spaces req.fhdr(x-auth-token) -m sub ' '",
        f"{lesson} int({_OLDER * _FORM}) if auth_marked is_older {starred} !says_spaces {free}",
        f"{lesson} int({_NEWER * _FORM}) if auth_marked {{ var(txn.scope),ub64enc,strcmp(txn.carried) eq 0 }} {free}",
        f"{lesson} int({_COMPACT * _FORM}) if has_plain !{starred} !says_spaces {free}",
        f"{lesson} int({_SPACED * _FORM}) if has_plain !{starred} says_spaces {free}",
        f"{lesson} int({_STARRED * _FORM}) if has_plain {starred} !says_spaces {free}",
        "# A user of a third cloud is named in the audit log, which the key does not tell.",
        f"http-request unset-var(txn.lesson) if is_foreign !{{ var(txn.home) -m str {cloud.name} }}",
        "acl is_lesson var(txn.lesson) -m found",
        "http-request set-var(txn.lesson) var(txn.place),field(5,|),add(txn.lesson) if is_lesson is_foreign",
        f"{lesson} var(txn.lesson),add({_DOCUMENTS}) if is_lesson {{ var(txn.relinked) -m found }}",
        f"http-request set-var(txn.key_of_scope) {_key('var(txn.names)')} if is_lesson",
        f"acl is_short var(txn.key_of_scope) -m len lt {LONGEST}",
        f"http-request track-sc1 var(txn.key_of_scope) table {TABLE} if is_lesson is_short",
        "http-request sc-set-gpt0(1) var(txn.lesson) if is_lesson is_short",
    ]
