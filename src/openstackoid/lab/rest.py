# SPDX-License-Identifier: Apache-2.0
"""A small REST client that fills a cloud through its frontends, with one account's token."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from keystoneauth1 import exceptions, session
from keystoneauth1.identity import v3

from openstackoid.errors import OpenstackoidError
from openstackoid.lab.catalog import Addresses

Json = dict[str, Any]


class Rest:
    """Calls of one account in one cloud. Paths start with a version, below the service's frontend.

    ``authority``: the file with the authority of the cloud's gateway.
    """

    def __init__(self, addresses: Addresses, authority: Path, username: str, password: str, project: str) -> None:
        self._addresses = addresses
        # The user's proxy must not be between the lab and its own loopback address.
        direct = requests.Session()
        direct.trust_env = False
        self._session = session.Session(
            session=direct,
            verify=str(authority),
            auth=v3.Password(
                auth_url=f"{addresses.frontend('identity')}/v3",
                username=username,
                password=password,
                project_name=project,
                user_domain_id="default",
                project_domain_id="default",
            ),
            timeout=60,
            user_agent="openstackoid-lab",
        )

    def call(self, method: str, service_type: str, path: str, body: Json | bytes | None = None, **options: Any) -> Any:
        """Make a call and return the answer's JSON, or None without a body.

        Raises :class:`OpenstackoidError`.
        """
        url = self._addresses.frontend(service_type) + path
        if isinstance(body, bytes):
            options["data"] = body
        elif body is not None:
            options["json"] = body
        try:
            answer = self._session.request(url, method, **options)
        except exceptions.ClientException as error:
            raise OpenstackoidError(f"{self._addresses.cloud.name}: {method} {path} of {service_type} failed: {error}") from error
        return answer.json() if answer.content else None

    def find(self, service_type: str, path: str, collection: str, **attributes: str) -> Json | None:
        """Return the first member of a collection with these attributes, or None."""
        answer = self.call("GET", service_type, path, params=attributes)
        for member in answer[collection]:
            if all(member.get(name) == value for name, value in attributes.items()):
                return dict(member)
        return None

    def ensure(self, service_type: str, path: str, kind: str, find_by: Mapping[str, str], **rest: Any) -> Json:
        """Return the member of a collection with these attributes; make it, with the rest too, if there is none.

        ``kind``: the singular that wraps the body of a request, as in ``{"project": {...}}``.
        """
        found = self.find(service_type, path, f"{kind}s", **find_by)
        return found or dict(self.call("POST", service_type, path, {kind: {**find_by, **rest}})[kind])
