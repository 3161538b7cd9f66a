# SPDX-License-Identifier: Apache-2.0
"""Write the dashboards of ``deploy/grafana``."""

import json
import sys
from pathlib import Path
from typing import Any

from scripts.dashboard_panels import COST, ONE_CLOUD, OVERVIEW, PEERS
from scripts.panel import COLUMNS, HEIGHT, SOURCE

FOLDER = Path(__file__).parents[1] / "deploy/grafana"
SCHEMA_VERSION = 39
"""Of Grafana 11; later ones migrate it as they load it."""

DASHBOARDS = {
    "overview": ("OpenStackoid: overview", OVERVIEW),
    "cloud": ("OpenStackoid: one cloud", ONE_CLOUD),
    "peers": ("OpenStackoid: peers", PEERS),
    "cost": ("OpenStackoid: cost", COST),
}


def dashboard(name: str) -> dict[str, Any]:
    """Return a dashboard for Grafana."""
    title, panels = DASHBOARDS[name]
    documents, x, y = [], 0, 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + HEIGHT
        documents.append(panel.document(number, x, y))
        x += panel.width
    return {
        "uid": f"openstackoid-{name}",
        "title": title,
        "tags": ["openstackoid"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {"list": [_source(), *_variables(name)]},
        "annotations": {"list": []},
        "links": [
            {"type": "dashboards", "tags": ["openstackoid"], "title": "OpenStackoid", "includeVars": True, "keepTime": True}
        ],
        "panels": documents,
    }


def _source() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1}


def _variables(name: str) -> list[dict[str, Any]]:
    several = name != "cloud"
    found = [_variable("cloud", "Cloud", "label_values(openstackoid_build_info, cloud)", several=several)]
    if name == "peers":
        query = 'label_values(openstackoid_requests_total{cloud=~"$cloud", peer!=""}, peer)'
        found.append(_variable("peer", "Peer", query, several=True))
    return found


def _variable(name: str, label: str, query: str, *, several: bool) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        **({"allValue": ".+", "current": {"text": "All", "value": "$__all"}} if several else {}),
    }


def main() -> int:
    """Write all dashboards."""
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(json.dumps(dashboard(name), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
