# SPDX-License-Identifier: Apache-2.0
"""Failures of TLS in words; those of certificates are seen on real connections in tests/conformance."""

import ssl

import pytest

from openstackoid.tls import fault_of, what_was_wrong


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


def test_the_failure_behind_an_error_of_a_library_is_found() -> None:
    inner = fault("WRONG_VERSION_NUMBER")
    wrapped = OSError("a", ValueError(inner))
    caused = RuntimeError("b")
    caused.__cause__ = wrapped
    assert fault_of(caused) is inner
    assert fault_of(inner) is inner


def test_another_failure_is_none_of_tls() -> None:
    error = OSError("a")
    error.__context__ = RuntimeError("b")
    error.__context__.__context__ = error
    assert fault_of(error) is None
    assert fault_of(None) is None
