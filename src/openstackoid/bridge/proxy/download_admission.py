# SPDX-License-Identifier: Apache-2.0
"""Make the admission by which HAProxy serves the downloads of a peer in the name of a user here."""

import math
import time
from dataclasses import replace
from secrets import token_hex

from openstackoid.bridge.audit.admission_header import encode
from openstackoid.bridge.binding.sealing import sealed
from openstackoid.bridge.message.head import Head
from openstackoid.bridge.proxy.context import RequestContext
from openstackoid.bridge.proxy.delegated_use import DelegatedUse
from openstackoid.bridge.proxy.guest_admission import SHORTEST, end_of
from openstackoid.routing.admission import Admission
from openstackoid.routing.delegated_downloads import delegates_downloads, download_path
from openstackoid.routing.guest_paths import name_of


def download_admission(context: RequestContext, use: DelegatedUse, head: Head, mark: str) -> str | None:
    """Return the admission, or None where HAProxy may serve no download.

    It ends with the cached validation of the token, with the token, and with the bound token. ``mark``: the text behind the token
    in the request to the service.
    """
    here, download, principal = context.here, use.download, use.principal
    if download is None or principal is None or head.seal_key is None or not delegates_downloads(here):
        return None
    now, validator = time.time(), context.authorizer.validator
    believed = validator.seconds_left(here.name, download.token, late=here.name in context.readers)
    seconds = min(believed, end_of(principal.ends) - now, download.ends - now)
    token = sealed(download.token, head.seal_key)
    if token is None or seconds < SHORTEST:
        return None
    return Admission(
        # HAProxy counts whole seconds, and admits no request in the last.
        until=math.floor(now + seconds),
        paths=name_of(download_path(use.frontend_endpoint)),
        requests=None,
        number=token_hex(8),
        mark=mark,
        use=encode(replace(use.admission(), rule=download.rule)),
        roles=(),
        home=here.name,
        sealed=token,
    ).to_header()
