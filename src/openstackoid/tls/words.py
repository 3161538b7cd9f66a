# SPDX-License-Identifier: Apache-2.0
"""TLS faults between gateways, in an operator's words instead of OpenSSL's."""

import ssl

_NOT_SIGNED = "is not signed by the authority of {authority}"
_NOT_OURS = "is not {cloud}'s"
_SAID = {
    **dict.fromkeys((2, 18, 19, 20, 21), _NOT_SIGNED),
    **dict.fromkeys((62, 64), _NOT_OURS),
    3: "is of an authority without a list of revoked certificates",
    12: "cannot be checked: the list of revoked certificates has ended",
    23: "has been revoked",
    9: "is not valid yet",
    10: "has expired",
    26: "is not one for a gateway: both sides of a connection must be allowed to it",
}
"""Plain words for OpenSSL's codes of certificate faults."""

_NO_TLS = ("wrong version number", "http request", "record layer failure", "packet length too long")


def what_was_wrong(fault: ssl.SSLError, cloud: str, authority: str) -> str:
    """Return the fault of the gateway of ``cloud``, as the end of a sentence that names the place."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        said = _SAID.get(fault.verify_code, f"is refused: {fault.verify_message}")
        return f"its certificate {said.format(cloud=cloud, authority=authority)}"
    reason = (fault.reason or "").lower().replace("_", " ")
    if "alert" in reason:
        return f"it refuses this gateway's certificate: {reason.partition('alert ')[2]}"
    if reason in _NO_TLS:
        return "it does not speak TLS"
    return f"TLS failed: {reason or 'the connection was closed'}"
