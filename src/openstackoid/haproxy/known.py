# SPDX-License-Identifier: Apache-2.0
"""What HAProxy learns: where a scope leads that its rules have looked through once. The next request like it costs one look-up.

The key is all of a request that the rules would look at: the endpoint, the method, the names of its headers, and the scope's
text. It is compared as a whole, and is learnt only where everything else that the rules look at does not matter. The value is
the number of the cloud times eight, none for this one, and the form of the scope, which says what is to be put into the token.
"""

from openstackoid.haproxy.maps import NUMBERS
from openstackoid.mesh import Cloud

TABLE = "known"
ENTRIES, SECONDS = 16_384, 600
"""How many are remembered, and for how long: then the rules are asked again."""

LONGEST = 768
"""The longest key. A longer one is never learnt; of a look-up, HAProxy cuts what is longer, which then is in no entry."""

_COMPLETE, _COMPACT, _SPACED, _STARRED = 1, 2, 3, 4
_ALL = "%[req.fhdr(x-auth-token)]"
_KNOWN = "{ var(txn.known) -m int gt 0 }"
# Whose values the rules look at, or whose spelling.
_NAMES = "_ upgrade via authorization x-service-token x-storage-token"


def table() -> list[str]:
    """Return the lines of the section that holds the table."""
    return [f"stick-table type string len {LONGEST} size {ENTRIES} expire {SECONDS}s store gpt0"]


def using(cloud: Cloud, easy: str) -> list[str]:
    """Return the rules that end the matter for a request that is known. ``easy``: conditions on what the key does not hold."""
    form = "{{ var(txn.known),mod(8) -m int {} }}".format
    home = f'{{\\"*\\":\\"{cloud.name}\\",'
    peer = " !{ var(sess.from) -m found }" if cloud.secure_listeners else ""
    free = f"{easy}{peer} !{{ var(txn.record) -m found }} {{ req.fhdr(x-auth-token),field(1,!) -m len gt 0 }}"
    return [
        "# What has been looked through before: the same scope, asked in the same way.",
        'http-request set-var-fmt(txn.key_of_scope) "%[var(txn.endpoint)] %[method] %[req.hdr_names] %[req.fhdr(x-scope)]!'
        f'%[req.fhdr(x-auth-token),field(2,!,0)]" if {free}',
        f"http-request set-var(txn.known) var(txn.key_of_scope),table_gpt0({TABLE}) if {{ var(txn.key_of_scope) -m found }}",
        f'http-request set-header X-Auth-Token "{_ALL}!SCOPE!{home}%[req.fhdr(x-scope),bytes(1)]" if {form(_COMPACT)}',
        f"http-request set-header X-Auth-Token \"{_ALL}!SCOPE!{home}%[req.fhdr(x-scope),bytes(1),regsub(' ','',g)]\""
        f" if {form(_SPACED)}",
        f'http-request set-header X-Auth-Token "{_ALL}!SCOPE!%[req.fhdr(x-scope)]" if {form(_STARRED)}',
        f"http-request set-var(txn.named) var(txn.known),div(8),map_int({NUMBERS}) if {{ var(txn.known) -m int gt 7 }}",
        "http-request set-var(txn.cloud) var(txn.named) if { var(txn.named) -m found }",
        f"http-request del-header X-Scope if {_KNOWN}",
        f"http-request allow if {_KNOWN}",
    ]


def learning(cloud: Cloud) -> list[str]:
    """Return the rules that learn; they stand where all is decided and nothing changed yet, but that the scope is complete.

    They need ``txn.starred``: the scope came with an entry for every other service.
    """
    free = (
        "decided has_auth !{ var(txn.bridge) -m found } { var(txn.key_of_scope) -m found }"
        f" {{ var(txn.key_of_scope) -m len lt {LONGEST} }} !{{ var(txn.key_of_scope),field(3,' ') -m sub {_NAMES} }}"
        " !{ var(txn.relinked) -m found }"
    )
    starred = "{ var(txn.starred) -m found }"
    lesson = "http-request set-var(txn.lesson)"
    return [
        "# Learn it, where nothing else in the request has a say.",
        "acl says_spaces req.fhdr(x-scope) -m sub ' '",
        "acl says_spaces req.fhdr(x-auth-token) -m sub ' '",
        f"{lesson} int({_COMPLETE}) if auth_marked {starred} !says_spaces {free}",
        f"{lesson} int({_COMPACT}) if has_plain !{starred} !says_spaces {free}",
        f"{lesson} int({_SPACED}) if has_plain !{starred} says_spaces {free}",
        f"{lesson} int({_STARRED}) if has_plain {starred} !says_spaces {free}",
        "# A user of a third cloud is named in the audit log, which the key does not tell.",
        f"http-request unset-var(txn.lesson) if is_foreign !{{ var(txn.home) -m str {cloud.name} }}",
        "acl is_lesson var(txn.lesson) -m found",
        "http-request set-var(txn.lesson) var(txn.place),field(1,|),mul(8),add(txn.lesson) if is_lesson is_foreign",
        f"http-request track-sc1 var(txn.key_of_scope) table {TABLE} if is_lesson",
        "http-request sc-set-gpt0(1) var(txn.lesson) if is_lesson",
    ]
