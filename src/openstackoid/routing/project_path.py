# SPDX-License-Identifier: Apache-2.0
"""Projects in paths: Cinder and Swift have the user's project in their URLs, by the id that it has at home.

Where the policy gives a foreign project an id of its own here, the services know it by that one alone.
"""

import re

from openstackoid.mesh import Endpoint


def with_project(endpoint: Endpoint, path: str, theirs: str, ours: str) -> str:
    """Return a path of an endpoint's frontend with the project ``ours`` where the catalog's URL has one, if it is ``theirs``.

    A path that is not below that URL stays as it is: a link of an earlier answer has our own id already.
    """
    template = endpoint.frontend.prefix + endpoint.frontend.suffix
    if "(" not in template or theirs == ours:
        return path
    before, _, _ = re.split(r"([$%]\((?:project|tenant)_id\)s)", template, maxsplit=1)
    if not path.startswith(before):
        return path
    found, slash, rest = path[len(before) :].partition("/")
    return f"{before}{ours}{slash}{rest}" if found == theirs else path
