# SPDX-License-Identifier: Apache-2.0
"""The catalog of a cloud, read with an entry of clouds.yaml."""

import logging

import keystoneauth1.exceptions
import openstack
import openstack.exceptions
from keystoneauth1.identity.base import BaseIdentityPlugin

from openstackoid.discovery.catalog import DiscoverError, Row, rows_of_catalog
from openstackoid.redaction import redacted

_PATIENCE = 30

# keystoneauth's warning on stderr repeats its exception.
logging.getLogger("keystoneauth").addHandler(logging.NullHandler())


def read_catalog(entry: str) -> list[Row]:
    """Return the catalog in a token of the clouds.yaml entry; any user has one, the list of endpoints only admins.

    Raises :class:`DiscoverError` without such an entry, or without a token.
    """
    try:
        session = openstack.connect(cloud=entry, api_timeout=_PATIENCE).session
        if not isinstance(session.auth, BaseIdentityPlugin):
            raise DiscoverError(f"--os-cloud {entry}: it does not log in to a Keystone, so it has no catalog")
        access = session.auth.get_access(session)
        if not access.has_service_catalog():
            raise DiscoverError(f"--os-cloud {entry}: its token has no catalog; a user with a project is needed")
        return rows_of_catalog(access.service_catalog.normalize_catalog(), access.project_id)
    except (openstack.exceptions.SDKException, keystoneauth1.exceptions.ClientException) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DiscoverError(f"--os-cloud {entry}: {redacted(reason[0])}") from None
