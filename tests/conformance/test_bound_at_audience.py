# SPDX-License-Identifier: Apache-2.0
"""At the gateway of its audience a bound token is its user's, whoever shows it: that cloud's services have no certificate."""

import pytest

from conformance.bound_tokens import COMPUTE_THERE, bound
from conformance.secure import Secure
from openstackoid.scope import join_token


class TestAtTheAudience:
    @pytest.mark.parametrize(
        ("path", "server"),
        [("/compute/v2.1/servers", "compute of CloudTwo"), ("/image/v2/images/1/file", "image of CloudOne")],
    )
    def test_whoever_reads_a_bound_token_there_may_use_it_there(self, world: Secure, path: str, server: str) -> None:
        shown = {"X-Auth-Token": join_token(bound(world), COMPUTE_THERE)}
        assert world.ask("CloudTwo", "GET", path, shown, context=world.certificates.client())[0] == 200
        assert [request.server for request in world.recorder.seen][-1] == server
