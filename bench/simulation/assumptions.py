# SPDX-License-Identifier: Apache-2.0
"""Everything that the simulation takes for granted, in one place, each with its unit and its reason.

What a gateway does is no assumption: those values are read from the gateway's own defaults.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from openstackoid.bridge.upstream.kept_connections import EVERY, LASTING
from openstackoid.mesh import Timeouts
from openstackoid.policy import Policy

_WAITS = Timeouts()


def _assume(value: float, unit: str, why: str) -> Any:
    return field(default=value, metadata={"unit": unit, "why": why})


@dataclass(frozen=True)
class Assumptions:
    """The world that is simulated. Fields that end in ``_ms`` are of a round trip or an answer."""

    sites: int = _assume(10_000, "", "the scale of the issue")
    scatter_km: float = _assume(
        150, "km", "standard deviation of a site's place around its city, each way; edge sites are near people"
    )
    fibre_km_s: float = _assume(200_000, "km/s", "light in glass: two thirds of its speed in empty space")
    stretch: float = _assume(1.5, "times", "a cable's way in relation to the great circle")
    last_mile_ms: float = _assume(2, "ms", "both ends' access and routers, for a round trip")
    jitter: float = _assume(0.1, "sigma", "each round trip is multiplied by a lognormal factor with median 1")
    handshake_trips: int = _assume(2, "round trips", "before the first request of a connection: TCP, then TLS 1.3")
    wan_mbit_s: float = _assume(200, "Mbit/s", "what one transfer between two clouds gets")
    lan_mbit_s: float = _assume(1_000, "Mbit/s", "what one transfer inside a cloud gets")
    first_window: int = _assume(14_600, "bytes", "TCP's first window (RFC 6928), doubled by each round trip, nothing lost")
    lan_ms: float = _assume(0.3, "ms", "gateway to a service of its cloud and back")
    user_ms: float = _assume(5, "ms", "user to the gateway at home and back")
    image_mib: float = _assume(64, "MiB", "the image of a new server, as in the lab's benchmark")
    identity_ms: float = _assume(
        19, "ms", "one worker of the lab gave 53 tokens a second; a validation is taken to cost the same"
    )
    image_ms: float = _assume(12, "ms", "one worker of the lab answered 63 to 119 lists of images a second")
    compute_ms: float = _assume(100, "ms", "one worker of the lab answered 8 to 11 lists of servers a second")
    other_ms: float = _assume(20, "ms", "Neutron and Placement: not measured, as Keystone")
    service_cache_s: float = _assume(300, "s", "keystonemiddleware's own default, token_cache_time")
    load: float = _assume(
        0.5, "of a core", "how busy each gateway's HAProxy is, and its Python service, with exponential service times"
    )
    requests_s: float = _assume(0.1, "1/s", "what the users of one site send to other sites; failures are rare, so rates matter")
    users: int = _assume(
        10, "", "of one site, each with one token; whose token a peer knows already decides what a request takes"
    )
    partners: int = _assume(20, "sites", "that the users of one site ask; the n-th gets 1/n of what the first gets")
    runs: int = _assume(2_000, "", "of each workflow, each between sites that are drawn anew")
    gateways: int = _assume(200, "", "whose requests are followed; all sites can be asked and can fail")
    hours: float = _assume(24, "h", "for which they are followed")
    mtbf_h: float = _assume(
        720, "h", "a site runs for 30 days, exponentially distributed, until it is lost: far worse than a data centre"
    )
    mttr_h: float = _assume(1, "h", "and is back after this mean time, exponentially distributed")
    silent: float = _assume(
        0.5, "of losses", "packets vanish (power, uplink); the others refuse connections (the gateway stopped). No data"
    )
    cut_mtbf_h: float = _assume(2_160, "h", "between two cuts of the way between one pair of sites: 90 days")
    cut_mttr_h: float = _assume(0.2, "h", "until routes have gone around it; packets vanish meanwhile")
    slow: float = _assume(0.005, "of sites", "answer slowly all the time: an overloaded database, say")
    slow_factor: float = _assume(20, "times", "how much longer a slow site's services take")
    idle_s: float = _assume(LASTING, "s", "the gateway's own: how long after a request it keeps a connection to a peer")
    health_s: float = _assume(EVERY, "s", "the gateway's own: between two requests for the peer's health, on that connection")
    turnaround_s: float = _assume(1, "s", "HAProxy's pause after a refused connection; a test asks HAProxy")
    retries: int = _assume(1, "", "`retries` of the generated configuration")
    sockets: int = _assume(3, "", "of a gateway, one for each interface, as in the part `scale`: each would be checked")
    check_packets: int = _assume(17, "packets", "of one check, both ways: TCP 3, TLS with both certificates 6, HTTP 4, the end 4")
    tls_us: float = _assume(
        500, "µs of CPU", "one TLS handshake with both certificates, at one side. Not measured yet; P-256 by OpenSSL"
    )
    connect_s: float = _assume(_WAITS.connect, "s", "the gateway's default, `timeouts.connect`")
    server_s: float = _assume(_WAITS.server, "s", "the gateway's default, `timeouts.server`")
    check_s: float = _assume(_WAITS.check, "s", "the gateway's default, `timeouts.check`: how long a peer is remembered as down")
    believed_s: float = _assume(Policy().seconds, "s", "the gateway's default, `policy.seconds`")

    def rows(self) -> list[list[str]]:
        """Return one line for each assumption: name, value with unit, and reason."""
        return [
            [each.name, f"{getattr(self, each.name):,g} {each.metadata['unit']}".strip(), each.metadata["why"]]
            for each in fields(self)
        ]
