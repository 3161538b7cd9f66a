# SPDX-License-Identifier: Apache-2.0
"""The table of HAProxy's directives: those that discover carries over, those without an effect here, and those that decide
who reaches a service. All others are named to the operator. Pure data, and its look-up.
"""

from collections.abc import Mapping, Sequence
from enum import Enum


class Effect(Enum):
    """What the loss of a directive means. ``NONE``: it is carried over, or users and services see no difference."""

    NONE = "none"
    NAMED = "named"
    ACCESS = "access"
    """Others may reach the service than before."""
    BROKEN = "broken"
    """The service, or the proxy before HAProxy, does not understand the gateway."""


_CARRIED = (
    "acl", "bind", "default_backend", "use_backend", "server", "default-server", "timeout client", "timeout server",
    # How servers were checked is a comment of its own.
    "option httpchk", "http-check",
    # Senders of the PROXY protocol, and trusted proxies: see `proxies.py`, which names what it does not carry over.
    "option forwardfor", "http-request set-src", "tcp-request connection set-src", "tcp-request content set-src",
    "tcp-request session set-src", "tcp-request connection expect-proxy",
)  # fmt: skip
_HARMLESS = (
    # The gateway sets these headers itself, and removes a client's.
    *(f"http-request {do}-header x-forwarded-{name}" for do in ("add", "del", "set") for name in ("for", "proto")),
    "mode http", "description", "id", "guid", "enabled", "backlog", "nbproc", "bind-process",
    # How requests are spread, kept and repeated: the gateway has ways of its own.
    "balance", "hash-type", "hash-balance-factor", "http-reuse", "retries", "retry-on", "fullconn", "option redispatch",
    "option allbackups", "option prefer-last-server", "option http-keep-alive", "option http-server-close", "option httpclose",
    "option forceclose", "option http-pretend-keepalive", "option http-tunnel", "option http-buffer-request",
    "option http-no-delay", "option abortonclose", "option http-ignore-probes", "option idle-close-on-response",
    "option http-use-htx", "option nolinger", "option tcpka", "option clitcpka", "option srvtcpka", "clitcpka-cnt",
    "clitcpka-idle", "clitcpka-intvl", "srvtcpka-cnt", "srvtcpka-idle", "srvtcpka-intvl", "option tcp-smart-accept",
    "option tcp-smart-connect", "option splice-auto", "option splice-request", "option splice-response",
    "option independent-streams", "option persist", "load-server-state-from-file", "server-state-file-name",
    "timeout check", "timeout connect", "timeout queue", "timeout http-request", "timeout http-keep-alive", "timeout client-fin",
    "timeout server-fin", "timeout tarpit",
    # Checks, logs and counts.
    "option tcp-check", "tcp-check", "option external-check", "external-check", "log", "log-format", "log-format-sd",
    "error-log-format", "log-tag", "option httplog", "option httpslog", "option tcplog", "option clflog", "option dontlognull",
    "option dontlog-normal", "option logasap", "option log-separate-errors", "option log-health-checks",
    "option error-log-format", "option contstats", "option socket-stats", "capture", "declare capture", "http-request capture",
    "http-response capture", "tcp-request content capture", "http-request set-log-level", "http-response set-log-level",
    "unique-id-format", "email-alert", "mailers", "stick-table",
    *(
        f"{rules} {do}"
        for rules in ("http-request", "tcp-request connection", "tcp-request session", "tcp-request content")
        for do in ("track-sc0", "track-sc1", "track-sc2", "set-var", "set-var-fmt", "unset-var")
    ),
    "tcp-request inspect-delay", "tcp-response inspect-delay",
)  # fmt: skip
_ACCESS = (
    *(f"http-request {do}" for do in ("allow", "auth", "deny", "reject", "return", "silent-drop", "tarpit")),
    *(
        f"tcp-request {when} {do}"
        for when in ("connection", "session", "content")
        for do in ("accept", "reject", "silent-drop")
    ),
    "http-response deny", "http-response return", "tcp-response content reject", "block", "rate-limit sessions",
)  # fmt: skip

LINES: Mapping[str, Effect] = {
    **dict.fromkeys((*_CARRIED, *_HARMLESS), Effect.NONE),
    **dict.fromkeys(_ACCESS, Effect.ACCESS),
}
"""The effect of a line by its first words; of two that fit, the longer one counts."""

_LONGEST = max(text.count(" ") + 1 for text in LINES)

BIND: Mapping[str, tuple[int, Effect]] = {
    # Carried over: see `proxies.py`, and the certificates of users.
    "ssl": (0, Effect.NONE), "crt": (1, Effect.NONE), "accept-proxy": (0, Effect.NONE),
    "alpn": (1, Effect.NONE), "npn": (1, Effect.NONE), "proto": (1, Effect.NONE), "name": (1, Effect.NONE),
    "id": (1, Effect.NONE), "guid": (1, Effect.NONE), "backlog": (1, Effect.NONE), "defer-accept": (0, Effect.NONE),
    "tfo": (0, Effect.NONE), "transparent": (0, Effect.NONE), "v4v6": (0, Effect.NONE), "v6only": (0, Effect.NONE),
    "process": (1, Effect.NONE), "thread": (1, Effect.NONE), "shards": (1, Effect.NONE), "nice": (1, Effect.NONE),
    "mss": (1, Effect.NONE), "tcp-ut": (1, Effect.NONE), "no-sslv3": (0, Effect.NONE), "no-tlsv10": (0, Effect.NONE),
    "no-tlsv11": (0, Effect.NONE), "no-tls-tickets": (0, Effect.NONE),
    # The files for the certificates of clients say nothing without `verify`.
    "ca-file": (1, Effect.NONE), "crl-file": (1, Effect.NONE), "ca-verify-file": (1, Effect.NONE),
    # These decide which clients a socket accepts: those of a network interface, or with a certificate.
    "interface": (1, Effect.ACCESS), "namespace": (1, Effect.ACCESS), "verify": (1, Effect.ACCESS),
    "accept-netscaler-cip": (1, Effect.BROKEN),
}  # fmt: skip
"""The options of a ``bind`` line: how many values follow, and the effect. Others are named."""

SERVER: Mapping[str, tuple[int, Effect]] = {
    "ssl": (0, Effect.NONE), "verify": (1, Effect.NONE), "verifyhost": (1, Effect.NONE), "ca-file": (1, Effect.NONE),
    "sni": (1, Effect.NONE), "backup": (0, Effect.NONE), "disabled": (0, Effect.NONE), "enabled": (0, Effect.NONE),
    "check": (0, Effect.NONE), "no-check": (0, Effect.NONE), "inter": (1, Effect.NONE), "fastinter": (1, Effect.NONE),
    "downinter": (1, Effect.NONE), "rise": (1, Effect.NONE), "fall": (1, Effect.NONE), "port": (1, Effect.NONE),
    "addr": (1, Effect.NONE), "check-ssl": (0, Effect.NONE), "no-check-ssl": (0, Effect.NONE), "check-sni": (1, Effect.NONE),
    "check-alpn": (1, Effect.NONE), "check-proto": (1, Effect.NONE), "check-send-proxy": (0, Effect.NONE),
    "observe": (1, Effect.NONE), "on-error": (1, Effect.NONE), "on-marked-down": (1, Effect.NONE),
    "on-marked-up": (1, Effect.NONE), "error-limit": (1, Effect.NONE), "slowstart": (1, Effect.NONE),
    "init-addr": (1, Effect.NONE), "id": (1, Effect.NONE), "guid": (1, Effect.NONE), "alpn": (1, Effect.NONE),
    "no-sslv3": (0, Effect.NONE), "no-tlsv10": (0, Effect.NONE), "no-tlsv11": (0, Effect.NONE), "tfo": (0, Effect.NONE),
    "no-ssl-reuse": (0, Effect.NONE), "no-tls-tickets": (0, Effect.NONE), "pool-max-conn": (1, Effect.NONE),
    "pool-purge-delay": (1, Effect.NONE), "pool-low-conn": (1, Effect.NONE), "max-reuse": (1, Effect.NONE),
    "no-send-proxy": (0, Effect.NONE), "no-send-proxy-v2": (0, Effect.NONE), "no-backup": (0, Effect.NONE),
    "crl-file": (1, Effect.NAMED), "weight": (1, Effect.NAMED), "maxconn": (1, Effect.NAMED), "cookie": (1, Effect.NAMED),
    "source": (1, Effect.NAMED),
    # The service waits for the PROXY protocol, or for a certificate.
    **dict.fromkeys(("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"), (0, Effect.BROKEN)),
    "crt": (1, Effect.BROKEN), "proto": (1, Effect.BROKEN),
}  # fmt: skip
"""The same for a ``server`` or ``default-server`` line."""


def effect(words: Sequence[str]) -> Effect:
    """Return the effect of the loss of a line."""
    lower = [word.lower() for word in (words[1:] if words[:1] == ("no",) else words)]
    for count in range(min(_LONGEST, len(lower)), 0, -1):
        found = LINES.get(" ".join(lower[:count]))
        if found is not None:
            return found
    return Effect.NAMED


def options(words: Sequence[str], table: Mapping[str, tuple[int, Effect]]) -> list[tuple[str, Effect]]:
    """Return the options of a line with an effect, each with its values. An unknown one takes all words to the next known."""
    found: list[tuple[str, Effect]] = []
    rest = list(words)
    while rest:
        option = [rest.pop(0)]
        count, result = table.get(option[0], (None, Effect.NAMED))
        while rest and (rest[0] not in table if count is None else len(option) <= count):
            option.append(rest.pop(0))
        if result is not Effect.NONE and option != ["verify", "none"]:
            found.append((" ".join(option), result))
    return found
