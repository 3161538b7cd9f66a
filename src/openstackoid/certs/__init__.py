# SPDX-License-Identifier: Apache-2.0
"""A private authority and the certificates of gateways, for the lab and for sites without an authority."""

from openstackoid.certs.authority import AUTHORITY, Authority, make_authority
from openstackoid.certs.errors import CertsError
from openstackoid.certs.facts import Facts, read_facts
from openstackoid.certs.issue import issue
from openstackoid.certs.revocation import RevocationList, is_list, read_list, revoke

__all__ = [
    "AUTHORITY",
    "Authority",
    "CertsError",
    "Facts",
    "RevocationList",
    "is_list",
    "issue",
    "make_authority",
    "read_facts",
    "read_list",
    "revoke",
]
