# SPDX-License-Identifier: Apache-2.0
"""The server that stands for CloudTwo where a measurement's own client is tested."""

from http.server import BaseHTTPRequestHandler

from bench.haproxy import SERVED_BY


class Answer(BaseHTTPRequestHandler):
    """Answers 200, or 503 where the path says ``down``."""

    def do_GET(self) -> None:
        self.send_response(503 if "down" in self.path else 200)
        self.send_header(SERVED_BY, "CloudTwo")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""
