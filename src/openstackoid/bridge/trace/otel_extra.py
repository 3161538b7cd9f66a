# SPDX-License-Identifier: Apache-2.0
"""The package that encodes spans, of the extra ``otel``. The supervisor warns of a missing one, without importing aiohttp."""

import importlib.util

from openstackoid.mesh import Cloud

PACKAGE = "opentelemetry-proto"


def unable_to_export(cloud: Cloud) -> list[str]:
    """Return the warning for a gateway that has a collector, and not the package that encodes spans."""
    if cloud.traces is None or importlib.util.find_spec("opentelemetry") is not None:
        return []
    return [f"clouds.{cloud.name}.gateway.traces: spans are lost: pip install {PACKAGE}"]
