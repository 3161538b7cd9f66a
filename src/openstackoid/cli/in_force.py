# SPDX-License-Identifier: Apache-2.0
"""The settings of a gateway that differ from the defaults and that a load balancer, a pair or an upgrade relies on, in words."""

from openstackoid.mesh import Cloud, Drain
from openstackoid.mesh.settings import AS_GATEWAY, written_time
from openstackoid.routing import waits_in_words


def in_force(cloud: Cloud) -> list[str]:
    """Return a line for trusted proxies, the store, the drain, and each service with waits of its own."""
    return [*_proxies(cloud), *_store(cloud), *_drain(cloud.drain), *_waits(cloud)]


def described(cloud: Cloud) -> list[str]:
    """Return a line for the certificates that users meet, trusted proxies, the store and the drain, without a look at files."""
    return [*_users(cloud), *_proxies(cloud), *_store(cloud), *_drain(cloud.drain)]


def _users(cloud: Cloud) -> list[str]:
    if cloud.tls is None or not cloud.tls.users:
        return []
    return [f"users meet a certificate of {', '.join(cloud.tls.users)}, peers that of {cloud.tls.certificate}"]


def _proxies(cloud: Cloud) -> list[str]:
    if not cloud.trusted_proxies:
        return []
    spoken = f"; they speak the PROXY protocol at {', '.join(cloud.proxy_protocol)}" if cloud.proxy_protocol else ""
    names = (network.removesuffix("/32").removesuffix("/128") for network in cloud.trusted_proxies)
    return [f"a client's address is believed of the proxies {', '.join(names)}{spoken}"]


def _store(cloud: Cloud) -> list[str]:
    # Its password is in a file.
    return [] if cloud.store is None else [f"the store is {cloud.store.url}, which is not tried here"]


def _drain(drain: Drain) -> list[str]:
    if drain == Drain():
        return []
    notice = f" for {written_time(drain.notice)}" if drain.notice else ""
    hold = f", new connections wait {written_time(drain.hold)} at most" if drain.hold else ""
    return [f"a drain says 503{notice}{hold}, requests under way have {written_time(drain.longest)}"]


def _waits(cloud: Cloud) -> list[str]:
    lines = (
        f"{endpoint.catalog_type} waits {waits_in_words(cloud.timeouts_of(endpoint))}"
        for endpoint in cloud.endpoints
        if endpoint.timeouts != AS_GATEWAY
    )
    return list(dict.fromkeys(lines))
