# SPDX-License-Identifier: Apache-2.0
"""CloudTwo's Keystone behind its gateway, as far as a reader account meets it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from openstackoid.bridge.identity.keystone_reader import readers_of
from openstackoid.bridge.identity.readers import Reader
from openstackoid.mesh import PASSWORD, Account
from unit.bridge.stage import Script, Stage, Visit, says_json, token

SECRET = "hunter2"
OPTIONS = {"username": "reader", "user_domain_name": "Default", "password": SECRET, "system_scope": "all"}
USER = token(catalog=[])
UNAUTHORIZED = says_json({"error": {"code": 401}}, status="401 Unauthorized")


@dataclass
class Keystone:
    """Issues ``reader-1``, ``reader-2``, ..., and validates any subject for a token that is still in ``good``."""

    life: float = 3600
    login: Script | None = None
    validation: Script | None = None
    good: set[str] = field(default_factory=set)
    logins: list[Visit] = field(default_factory=list)
    validations: list[Visit] = field(default_factory=list)

    async def __call__(self, visit: Visit) -> None:
        if visit.line.startswith("POST "):
            self.logins.append(visit)
            await (self.login or self.log_in())(visit)
            return
        self.validations.append(visit)
        known = visit.values("x-auth-token")[0] in self.good
        await ((self.validation or says_json(USER)) if known else UNAUTHORIZED)(visit)

    def log_in(self) -> Script:
        value = f"reader-{len(self.logins)}"
        self.good.add(value)
        # Its clock is a day late, which is none of the gateway's business.
        issued = datetime.now(UTC) - timedelta(days=1)
        times = {"issued_at": issued, "expires_at": issued + timedelta(seconds=self.life)}
        token = {key: time.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for key, time in times.items()}
        return says_json({"token": {**token, "user": {}}}, f"X-Subject-Token: {value}", status="201 Created")


def readers(stage: Stage, url: str = "", **options: str) -> Mapping[str, Reader]:
    """Return the reader account of the stage's bridge at CloudTwo."""
    account = Account(PASSWORD, url or f"http://127.0.0.1:{stage.ports['there']}/id/v3", {**OPTIONS, **options})
    return readers_of({"CloudTwo": account}, stage.bridge.context.upstream, stage.mesh.clouds["CloudOne"].timeouts)
