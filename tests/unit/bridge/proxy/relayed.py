# SPDX-License-Identifier: Apache-2.0
"""A log-in at another cloud, and the catalog in its answer, for the tests of relayed requests."""

from typing import Any

TOKENS = "/identity/v3/auth/tokens"
THERE = 'X-Scope: {"identity":"CloudTwo"}'
PASSWORD = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "René"}}}}}
THEIRS = [{"type": "compute", "endpoints": [{"region": "CloudTwo", "url": "http://elsewhere"}]}]


def regions(catalog: list[dict[str, Any]]) -> set[str]:
    return {endpoint["region"] for entry in catalog for endpoint in entry["endpoints"]}


def urls(catalog: list[dict[str, Any]]) -> set[str]:
    return {endpoint["url"] for entry in catalog for endpoint in entry["endpoints"]}
