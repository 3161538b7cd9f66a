# SPDX-License-Identifier: Apache-2.0
"""Scopes in tokens as HAProxy rules: what :mod:`openstackoid.scope.token` reads and writes, as far as HAProxy can prove it."""

from collections.abc import Sequence

from openstackoid.haproxy.wire_version import ANNOUNCED
from openstackoid.mesh import Cloud
from openstackoid.scope import WIRE, Scope, join_token

MARKS = "!SCOPE! ~ %"
"""What a token with a scope holds; a percent sign is left of a mark that a client has quoted."""

ANYWHERE = "!SCOPE! 21SCOPE SCOPE% ~ey ~ew"
"""The same where a value need not be a token, without case: what :func:`openstackoid.scope.holds_scope` finds, and more."""

IN_BODY = r"!SCOPE ~ % \\u"
"""What the body of a log-in holds where a scope may stand in its token."""

MARKED = r"^[^!~%]+(!SCOPE!\{|~[A-Za-z0-9_-]+$)"
"""How a token begins of which one scope is carried, by either form."""

OLDER, NEWER = "!SCOPE!%[var(txn.scope)]", "~%[var(txn.scope),ub64enc]"
"""What is put behind a token, of the scope's text in ``txn.scope``: each form as a format."""


def carried_rules(bridge: str) -> list[str]:
    """Return the rules that read the scope's text behind the mark of a token; ``bridge`` leaves a request to Python.

    They need ``auth_marked`` and ``subject_marked``. Text is taken from base64url that is exactly what it is in base64url.
    """
    carried = "{ var(txn.carried) -m found }"
    return [
        "# Behind a token's mark: the older form, or base64url.",
        "http-request set-var(txn.carried) req.fhdr(x-auth-token),field(2,!~,0) if auth_marked",
        "http-request set-var(txn.carried) req.fhdr(x-subject-token),field(2,!~,0) if is_identity subject_marked",
        "acl is_older var(txn.carried) -m beg SCOPE!",
        "http-request set-var(txn.scope) var(txn.carried),bytes(6) if is_older",
        f"http-request set-var(txn.scope) var(txn.carried),ub64dec if {carried} !is_older",
        f"{bridge} if {carried} !is_older !{{ var(txn.scope),ub64enc,strcmp(txn.carried) eq 0 }}",
    ]


def sent_rules(cloud: Cloud, sharing: Sequence[str]) -> list[str]:
    """Return the rules that write the completed scope into the token, in the form that its reader knows; to Keystone, none.

    A service's token leaves only for the clouds in ``sharing``.
    """
    auth, subject, bare = (
        "%[req.fhdr(x-auth-token)]",
        "req.fhdr(x-subject-token),field(1,!~)",
        "req.fhdr(x-auth-token),field(1,!~)",
    )
    own = Scope.everything_in(cloud.name).to_header()
    older, newer = (join_token("%[req.fhdr(x-service-token)]", own, wire).replace('"', '\\"') for wire in (1, WIRE))
    service = "http-request set-header X-Service-Token"
    # HAProxy takes 64 words of a line.
    shares = [f"acl is_sharing var(txn.named) -m str {' '.join(sharing[at : at + 32])}" for at in range(0, len(sharing), 32)]
    return [
        "# What is sent: the completed scope in the token; to Keystone the token alone.",
        "http-request unset-var(txn.decided) if { var(txn.bridge) -m found }",
        *(shares or ["acl is_sharing always_false"]),
        "http-request del-header X-Service-Token if decided is_foreign has_service !is_sharing",
        f"http-request set-header X-Subject-Token %[{subject}] if decided is_identity subject_marked",
        f'{service} "{newer}" if decided is_foreign has_service {ANNOUNCED}',
        f'{service} "{older}" if decided is_foreign has_service !{ANNOUNCED}',
        "http-request set-header X-Scope %[var(txn.scope)] if decided is_foreign !has_auth",
        f"http-request set-header X-Auth-Token %[{bare}] if decided is_identity !is_foreign auth_marked",
        f'http-request set-var-fmt(txn.mark) "{NEWER}" if decided !is_foreign or decided {ANNOUNCED}',
        f'http-request set-var-fmt(txn.mark) "{OLDER}" if decided is_foreign !{ANNOUNCED}',
        f"http-request set-header X-Auth-Token %[{bare}]%[var(txn.mark)] if decided auth_marked is_foreign"
        " or decided auth_marked !is_identity",
        f"http-request set-header X-Auth-Token {auth}%[var(txn.mark)] if decided has_plain has_auth is_foreign"
        " or decided has_plain has_auth !is_identity",
        "http-request del-header X-Scope if decided !is_foreign or decided has_auth",
    ]
