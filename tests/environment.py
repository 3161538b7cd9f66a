# SPDX-License-Identifier: Apache-2.0
"""The environment that the tests run in: the user's, without the variables that would lead a test or its programs astray."""

import os
import re
from collections.abc import MutableMapping

_DROPPED = re.compile(
    r"(OS|GIT)_.*"  # another cloud for clients; another repository, as in a hook of git
    r"|PYTHON.*|PYTEST_.*|PIP_(TARGET|PREFIX|ROOT|USER)|MAKE.*|MFLAGS"  # other modules, options and places
    r"|OPENSTACKOID_(?!TEST_|DEBIAN_|LINTIAN).*"  # another scope or lab than the test's own
    r"|XDG_CONFIG_.*|COLUMNS|LINES|NO_COLOR|(CLI)?COLOR.*|FORCE_COLOR"  # other settings and other looks of what is printed
)
_PROXY = re.compile(r"(https?|ftp|all|no)_proxy", re.IGNORECASE)
_LONGEST_TMPDIR = 32
"""Tests make unix sockets below it, whose paths have 107 bytes at most."""

FOR_DOWNLOADS: dict[str, str] = {}
"""The variables that were dropped and without which pip and apt-get may not reach their indexes."""


def clean(environment: MutableMapping[str, str]) -> None:
    """Drop variables that would mislead a test. Proxies are dropped too: no client may use one for loopback."""
    for name in [name for name in environment if _PROXY.fullmatch(name) or name.startswith("XDG_CONFIG_")]:
        FOR_DOWNLOADS[name] = environment.pop(name)
    for name in [name for name in environment if _DROPPED.fullmatch(name)]:
        del environment[name]
    if len(os.fsencode(environment.get("TMPDIR", ""))) > _LONGEST_TMPDIR:
        del environment["TMPDIR"]
