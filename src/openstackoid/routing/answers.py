# SPDX-License-Identifier: Apache-2.0
"""What an answer of a peer may not say."""

HOSTS_OWN = ("set-cookie", "set-cookie2", "strict-transport-security", "alt-svc", "clear-site-data")
"""Headers that speak for the host that the client talked to, which is this cloud's, not the peer's: they are taken out."""
