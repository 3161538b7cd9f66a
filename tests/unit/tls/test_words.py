# SPDX-License-Identifier: Apache-2.0
"""Failures of TLS in words; those of certificates are seen on real connections in tests/conformance."""

import ssl

import pytest

from openstackoid.tls.words import what_was_wrong


def fault(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL] (_ssl.c:1)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("TLSV1_ALERT_UNKNOWN_CA", "it refuses this gateway's certificate: unknown ca"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "it refuses this gateway's certificate: certificate expired"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
        ("UNEXPECTED_EOF_WHILE_READING", "TLS failed: unexpected eof while reading"),
        ("", "TLS failed: the connection was closed"),
    ],
)
def test_tls_faults_in_plain_words(reason: str, said: str) -> None:
    assert what_was_wrong(fault(reason), "CloudTwo", "/authority.pem") == said
