# SPDX-License-Identifier: Apache-2.0
"""The smallest policy that admits refused users: from lines of the audit log, in words and as YAML. Nothing is applied."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from openstackoid.bridge.audit.audit_log import IN, REFUSED
from openstackoid.bridge.audit.reading import Line
from openstackoid.mesh import Cloud
from openstackoid.policy import RequestPattern
from openstackoid.routing.normal_path import called_path

_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]+|\.\.\.")
"""A part of a path that names one resource; the audit log itself writes ``...`` for a part that is no id."""

_READS = ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class Suggestion:
    """Entries that would admit refused requests.

    ``new``: for users that no entry matches, by peer, user and project: their requests of each service. ``more``: requests that a
    matching entry does not allow, by its name. ``unknown``: refused requests whose user is not known, by peer.
    """

    new: dict[tuple[str, str, str], dict[str, set[str]]] = field(default_factory=dict)
    more: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    names: dict[str, str] = field(default_factory=dict)


def suggested(cloud: Cloud, lines: Iterable[Line]) -> Suggestion:
    """Return the suggestion from the lines of the gateway of ``cloud`` that the policy has refused."""
    found = Suggestion()
    for line in lines:
        of_policy = (line["gateway"], line["direction"], line["outcome"], line["status"]) == (cloud.name, IN, REFUSED, 403)
        if not of_policy or line["home"] in (cloud.name, "-"):
            continue
        user, project, request = line.get("user") or {}, line.get("project") or {}, _request(cloud, line)
        if not user.get("id") or not project.get("id") or request is None:
            found.unknown[line["home"]] += line.get("count", 1)
            continue
        if line["rule"] is not None:
            services = found.more.setdefault(line["rule"], {})
        else:
            services = found.new.setdefault((line["home"], user["id"], project["id"]), {})
            found.names |= {one["id"]: f"{one.get('name') or '?'} ({one.get('domain') or '?'})" for one in (user, project)}
        services.setdefault(line["service"], set()).add(request)
    return found


def _request(cloud: Cloud, line: Line) -> str | None:
    """Return the request as a policy names it, ids left open; None for a sum, or one that no policy can name."""
    endpoint = cloud.endpoint(line["service"], str(line.get("interface")))
    if endpoint is None or line.get("count", 1) > 1:
        return None
    parts = called_path(endpoint, line["path"]).split("/")
    text = f"{line['method']} {'/'.join('*' if _ID.fullmatch(part) else part for part in parts)}"
    try:
        return str(RequestPattern.parse(text))
    except ValueError:
        return None


def told(found: Suggestion) -> Iterator[str]:
    """Yield the lines of a suggestion: comments, and the YAML of new entries."""
    for rule, services in sorted(found.more.items()):
        for service, requests in sorted(services.items()):
            yield f"# {rule} matches, but does not allow this; to its 'services', add {service}: {', '.join(sorted(requests))}"
    for peer, number in sorted(found.unknown.items()):
        yield f"# {peer}: {number} requests of users that the audit log does not name; an entry of 'people' must match them first"
    if found.new:
        yield "# The audit log does not tell the roles of a refused user: name those that may, in place of '*'."
        yield from yaml.safe_dump({"policy": {"peers": _peers(found)}}, sort_keys=False).splitlines()
    elif not found.more and not found.unknown:
        yield "# The policy has refused no request in these files."


def _peers(found: Suggestion) -> dict[str, Any]:
    peers: dict[str, Any] = {}
    for number, ((peer, user, project), services) in enumerate(sorted(found.new.items()), start=1):
        requests = {service: sorted(each) for service, each in sorted(services.items())}
        reads = all(request.split(" ")[0] in _READS for each in requests.values() for request in each)
        entry = {
            "name": f"suggested {number}",
            "users": {"ids": [user]},
            "projects": {"ids": [project]},
            "roles": {"*": ["reader" if reads else "member"]},
            "services": requests,
        }
        peers.setdefault(peer, {"people": []})["people"].append(entry)
    return peers
