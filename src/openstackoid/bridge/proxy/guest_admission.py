# SPDX-License-Identifier: Apache-2.0
"""Make the admission of a guest that HAProxy keeps: for the time of a cached validation, and for the rule's requests."""

import math
import time
from datetime import datetime
from secrets import token_hex

from openstackoid.bridge.audit.admission_header import encode
from openstackoid.bridge.identity.authorization import Entry
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.policy import Policy, Services
from openstackoid.routing import Single
from openstackoid.routing.admission import Admission
from openstackoid.routing.guest_paths import guest_path, learnt_methods, name_of
from openstackoid.routing.reading import SERVICE

SHORTEST = 2.0
"""The least seconds of an admission; HAProxy counts whole seconds."""


def admission(context: RequestContext, entry: Entry, plan: Single, head: Head, mark: str) -> str | None:
    """Return the admission of the guest of ``entry``, or None where HAProxy may not admit the next such request.

    ``plan``: as it was carried out, without a service token that the policy does not accept. ``mark``: the text behind the token
    in the request to the service.
    """
    here, issuer, principal, granted = context.here, entry.credentials.issuer, entry.principal, entry.grant
    if principal is None or granted is None or entry.use.method not in learnt_methods(here.policy.audit):
        return None
    services = services_of(here.policy, issuer, granted.rule)
    path = None if services is None else guest_path(entry.frontend_endpoint, services, entry.use.method)
    now, left = time.time(), context.authorizer.validator.seconds_left
    seconds = min(left(issuer, entry.credentials.token), end_of(principal.ends) - now)
    leaves_out = bool(head.values(SERVICE)) and all(name.lower() != SERVICE for name, _ in plan.headers)
    service, service_issuer = entry.credentials.service_token, entry.credentials.service_issuer
    if service is not None and service_issuer is not None and service_issuer != here.name:
        # The policy has judged this token as well, in either way.
        seconds = min(seconds, left(service_issuer, service))
    if path is None or seconds < SHORTEST:
        return None
    aside = context.authorizer.set_aside(here, issuer)
    if aside.requests == 0 or aside.seconds < SHORTEST:
        return None
    own = entry.own_project(plan)
    return Admission(
        # HAProxy counts whole seconds, and admits no request in the last.
        until=math.floor(now + min(seconds, aside.seconds)),
        paths=name_of(path),
        requests=aside.requests,
        number=token_hex(8),
        mark=mark,
        use=encode(entry.admission()),
        roles=granted.roles,
        home=issuer,
        theirs="" if own is None else own.theirs,
        ours="" if own is None else own.ours,
        leaves_out=leaves_out,
    ).to_header()


def end_of(text: str | None) -> float:
    """Return the end of a token, in seconds since 1970; 0 for one in another form than Keystone's."""
    try:
        return datetime.fromisoformat(text or "").timestamp() if (text or "").endswith("Z") else 0.0
    except (ValueError, OverflowError):
        return 0.0


def services_of(policy: Policy, issuer: str, rule: str) -> Services | None:
    """Return the services that the entry of ``people`` with the name ``rule`` allows, or None without such an entry."""
    peer = policy.of(issuer)
    named = () if peer is None else (peer.services_of(people) for people in peer.people if peer.rule(people) == rule)
    return next(iter(named), None)
