# SPDX-License-Identifier: Apache-2.0
"""A panel of a dashboard: title, kind, unit and queries."""

from dataclasses import dataclass, field
from typing import Any

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""The Prometheus that the reader of a dashboard chooses."""

COLUMNS, HEIGHT = 24, 8
"""The width of a dashboard, and the height of a panel."""


@dataclass(frozen=True)
class Panel:
    """A panel. ``queries``: each PromQL expression with its legend; ``width``: in 24 columns; ``about``: what it tells."""

    title: str
    queries: dict[str, str]
    about: str
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    steps: list[dict[str, Any]] = field(default_factory=lambda: [{"color": "green", "value": None}])

    def document(self, number: int, x: int, y: int) -> dict[str, Any]:
        """Return the panel for Grafana, at its place."""
        instant = self.kind in ("stat", "table")
        targets = [
            {
                "refId": chr(ord("A") + index),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": instant,
                "range": not instant,
                **({"format": "table"} if self.kind == "table" else {}),
            }
            for index, (expression, legend) in enumerate(self.queries.items())
        ]
        defaults = {"unit": self.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": self.steps}}
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": HEIGHT},
            "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": {},
        }
