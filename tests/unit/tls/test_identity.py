# SPDX-License-Identifier: Apache-2.0
"""The TLS identity of a gateway: only the mesh's authority counts."""

import ssl
from pathlib import Path

import pytest

from openstackoid.certs import issue, make_authority
from openstackoid.tls import TlsError
from openstackoid.tls.identity import context_of


def test_only_the_authority_of_the_mesh_is_believed(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    context = context_of(ssl.PROTOCOL_TLS_CLIENT, str(issue(tmp_path, "CloudOne")), str(authority))
    assert len(context.get_ca_certs()) == 1
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match=r"authority\.pem: cannot be read: No such file or directory"):
        context_of(ssl.PROTOCOL_TLS_CLIENT, str(tmp_path / "CloudOne.pem"), str(tmp_path / "authority.pem"))
