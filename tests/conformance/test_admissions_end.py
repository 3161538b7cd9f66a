# SPDX-License-Identifier: Apache-2.0
"""Bounds of an admission: the audit mode, the seconds of the policy, the token's end, the budget, and the life of HAProxy."""

import http.client
import os
import signal
import time

import pytest

from conformance.case import auth
from conformance.gateway import forgetful, running_gateways
from conformance.guests import FOREIGN, alone, ask, ends, fresh, lent


@pytest.mark.parametrize("audit", ["strict", "reads", "uploads"])
def test_what_is_learnt_follows_from_the_audit(audit: str) -> None:
    with running_gateways("CloudOne", edit=lambda text: lent(text, audit=audit), edit_haproxy=forgetful) as (gateway,):
        gateway.recorder.of_tokens = {"expires_at": ends()}
        reads, uploads = 200 if audit != "strict" else 503, 200 if audit == "uploads" else 503
        for path, method, status in (
            ("/image/v2/images", "GET", reads),
            ("/image/v2/images/x/file", "PUT", uploads),
            ("/image/v2/images/x/stage", "PUT", uploads),
            ("/image/v2/images/x", "PUT", 503),
            ("/swift/v1/AUTH_x/c/o", "PUT", uploads),
            ("/swift/v1/AUTH_x/c", "PUT", 503),
            ("/volume/v3/x/volumes/y", "PUT", 503),
            ("/image/v2/images", "POST", 503),
        ):
            for _ in range(2):
                assert ask(gateway, path, auth(FOREIGN), method=method)[0] == 200
            assert alone(gateway, path, auth(FOREIGN), method=method) == status, (method, path)


def test_an_admission_ends_with_what_the_policy_believes_and_with_the_token() -> None:
    with running_gateways("CloudOne", edit=lambda text: lent(text, seconds=4), edit_haproxy=forgetful) as (gateway,):
        for life, reached in ((3600, 4.0), (2.5, 2.5)):
            gateway.recorder.of_tokens = {"expires_at": ends(life)}
            token, began = fresh("ada"), time.monotonic()
            assert ask(gateway, "/image/v2/images", token)[0] == 200
            served, asked = 0.0, time.monotonic()
            while alone(gateway, "/image/v2/images", token) == 200:
                served, asked = asked - began, time.monotonic()
            assert 0 < served <= reached
        gateway.recorder.of_tokens = {}
        token = fresh("ada")
        assert ask(gateway, "/image/v2/images", token)[0] == 200
        assert alone(gateway, "/image/v2/images", token) == 503, "of a token that does not say when it ends"


@pytest.mark.parametrize("limits", ["budget: {requests: 41, seconds: 600}", "rate: 41"])
def test_a_number_of_requests_is_set_aside(limits: str) -> None:
    with running_gateways("CloudOne", edit=lambda text: lent(text, limits=limits), edit_haproxy=forgetful) as (gateway,):
        gateway.recorder.of_tokens = {"expires_at": ends()}
        token = fresh("ada")
        assert ask(gateway, "/image/v2/images", token)[0] == 200
        assert [alone(gateway, "/image/v2/images", token) for _ in range(6)] == [200] * 4 + [503] * 2
        # With the Python service: not one more than the budget has.
        if limits.startswith("budget"):
            answers = [ask(gateway, "/image/v2/images", token)[0] for _ in range(60)]
            assert 0 < answers.count(200) <= 36
            assert set(answers) == {200, 429}


def test_a_process_that_is_replaced_admits_no_guest() -> None:
    token = fresh("ada")
    with running_gateways("CloudOne", edit=lent, edit_haproxy=forgetful) as (gateway,):
        gateway.recorder.of_tokens = {"expires_at": ends()}
        listener = gateway.listener("image.public")
        connection = http.client.HTTPConnection(listener.host, listener.port, timeout=60)
        headers = {"X-Case": "guests", "X-Auth-Token": token[1]}

        def again() -> int:
            connection.request("GET", "/image/v2/images", headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        assert again() == 200
        with gateway.without_python():
            assert again() == 200
            os.kill(gateway.pids[-1], signal.SIGUSR1)
            time.sleep(0.5)
            assert again() == 503
