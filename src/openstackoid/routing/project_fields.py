# SPDX-License-Identifier: Apache-2.0
"""The positions of project ids in requests of OpenStack's APIs, as data, for each service.

Keystone is missing: the cloud that issued the token answers its requests. docs/operate/policy-users.md shows this table, held by
a test.
"""

from dataclasses import dataclass

PROJECT = "{project}"
"""In a path: a segment that is a project's id."""
ACCOUNT = "{account}"
"""In a path: a segment that is a Swift account, a prefix and a project's id (``AUTH_...``)."""


@dataclass(frozen=True, slots=True)
class ProjectFields:
    """The positions of project ids in requests to one service.

    ``paths``: patterns below the service's root; ``*`` is any segment, ``/**`` at the end any rest. ``query``: names of
    parameters. ``headers``: lower-case names; values hold an id, an account, or a list of them as in Swift's ACLs. ``body``:
    names of members of a JSON document, at any depth but below ``free``, whose contents users choose. ``patches``: paths of a
    JSON Patch whose ``value`` is a project. ``methods``: methods whose bodies are read.
    """

    paths: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("POST", "PUT", "PATCH")


_IDS = ("project_id", "tenant_id")

PROJECT_FIELDS: dict[str, ProjectFields] = {
    "compute": ProjectFields(
        paths=(
            "/*/{project}/**",
            "/*/os-quota-sets/{project}/**",
            "/*/*/os-quota-sets/{project}/**",
            "/*/os-simple-tenant-usage/{project}",
            "/*/*/os-simple-tenant-usage/{project}",
        ),
        query=_IDS,
        body=(*_IDS, "tenant"),
        free=("metadata", "os:scheduler_hints", "extra_specs"),
    ),
    "network": ProjectFields(
        paths=("/*/quotas/{project}/**", "/*/auto-allocated-topology/{project}"),
        query=(*_IDS, "target_project", "target_tenant"),
        body=(*_IDS, "target_project", "target_tenant"),
        free=("binding:profile",),
    ),
    "image": ProjectFields(
        paths=("/*/images/*/members/{project}",),
        query=("owner",),
        body=("owner", "member"),
        patches=("/owner",),
        methods=("POST", "PATCH"),
    ),
    "block-storage": ProjectFields(
        paths=(
            "/*/{project}/**",
            "/*/os-quota-sets/{project}/**",
            "/*/*/os-quota-sets/{project}/**",
            "/*/default-types/{project}",
            "/*/*/default-types/{project}",
        ),
        query=_IDS,
        body=(*_IDS, "project"),
        free=("metadata", "scheduler_hints", "extra_specs", "OS-SCH-HNT:scheduler_hints"),
    ),
    "object-store": ProjectFields(
        paths=("/*/{account}/**",),
        headers=(
            "destination-account",
            "x-copy-from-account",
            "x-symlink-target-account",
            "x-container-read",
            "x-container-write",
        ),
    ),
    "placement": ProjectFields(query=("project_id",), body=("project_id",)),
    "load-balancer": ProjectFields(paths=("/*/lbaas/quotas/{project}", "/*/quotas/{project}"), query=_IDS, body=_IDS),
    "dns": ProjectFields(
        paths=("/*/quotas/{project}",),
        query=("target_project_id",),
        headers=("x-auth-sudo-project-id",),
        body=("target_project_id",),
    ),
    "shared-file-system": ProjectFields(
        paths=("/*/{project}/**", "/*/quota-sets/{project}/**", "/*/*/quota-sets/{project}/**"),
        query=_IDS,
        body=(*_IDS, "project"),
        free=("metadata", "scheduler_hints", "extra_specs"),
    ),
    "orchestration": ProjectFields(paths=("/*/{project}/**",), query=("tenant",)),
    "key-manager": ProjectFields(paths=("/*/project-quotas/{project}",)),
    "container-infrastructure-management": ProjectFields(paths=("/*/quotas/{project}/**",), query=_IDS, body=_IDS),
    "baremetal": ProjectFields(
        query=("owner", "lessee", "project"),
        body=("owner", "lessee"),
        free=("extra", "driver_info"),
        patches=("/owner", "/lessee"),
    ),
}
"""By official service type."""
