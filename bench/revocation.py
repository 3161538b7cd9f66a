# SPDX-License-Identifier: Apache-2.0
"""Part 5, revocation: for how long a gateway lets in the user of a token that its cloud has revoked.

What a peer's Keystone said of a token is believed for ``policy.seconds``, which is the bound. The token is revoked at once after
it was validated, the worst moment, and used all the time, so that a memory that use prolongs would be found out.
"""

import time
from dataclasses import replace

from bench.asking import Asking
from bench.errors import BenchError
from bench.gateway import gateway
from bench.haproxy import REVOKED, Instance
from bench.load import Request
from bench.meshes import GUEST_SCOPE, TOKEN, two_clouds
from bench.processes import free_ports
from bench.results import Row
from bench.spread import Spread
from bench.stage import Stage
from openstackoid.scope import join_token

BOUND = 4.0
"""``policy.seconds`` of the gateway that is measured: long enough for HAProxy to be taught an admission."""

_TIMES = 3
_BETWEEN = 0.005
_FOREIGN = join_token("", GUEST_SCOPE)


def measure_revocation(stage: Stage) -> Row:
    """Measure it some times, on a gateway of its own with a short bound; what counts is the longest.

    Raises :class:`BenchError` where a request gets an answer that is neither the service's nor a refusal of the token.
    """
    (port,) = free_ports(1)
    description = two_clouds(port, stage.port["two"], stage.port["backend"], believed=BOUND)
    request = Request(f"http://127.0.0.1:{port}/image/v2/images")
    with gateway(stage.haproxy, stage.folder / "revocation", description, stage.cores):
        longest = max(_let_in(request, f"{TOKEN}revoked{number}", stage.backends) for number in range(_TIMES))
    return Row("revocation", f"a revoked token, with a bound of {BOUND:g} s", {"let_in_s": Spread.of([longest])})


def _let_in(request: Request, token: str, keystone: Instance) -> float:
    """Return how long after its revocation a token was used for the last time with success, in seconds.

    The time is that at which the request was sent: the gateway has judged it later than that, if anything.
    """
    with Asking(replace(request, headers=(f"X-Auth-Token: {token}{_FOREIGN}",))) as asking:
        if asking.ask()[0] != 200:
            raise BenchError("revocation: the token is refused before it was revoked")
        keystone.say(f"add acl {REVOKED} {token}")
        revoked, let_in = time.perf_counter(), 0.0
        while let_in <= 2 * BOUND:
            sent = time.perf_counter() - revoked
            status, _, said = asking.ask()
            if status == 401:
                break
            if status != 200:
                raise BenchError(f"revocation: {status}: {said[:200].decode(errors='replace')}")
            let_in = sent
            time.sleep(_BETWEEN)
        return let_in
