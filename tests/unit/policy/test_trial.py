# SPDX-License-Identifier: Apache-2.0
from openstackoid.policy import NOBODY, Denial, Grant, Trial, Use, mapped, tried
from unit.policy.samples import LOCAL, POLICY, roles, token

LIST = Use("image", "GET", "/v2/images")
BOB = {**token()["token"]["user"], "name": "bob"}


def test_a_granted_trial() -> None:
    granted = Grant("CloudTwo/staff", ("reader",), LOCAL)
    assert tried(POLICY, "CloudTwo", None, LIST, token()) == Trial(granted, mapped(token(), "CloudTwo", granted)["token"], ())


def test_the_entries_that_are_about_others_are_told() -> None:
    trial = tried(POLICY, "CloudTwo", "CloudThree", None, token(user=BOB))
    assert (trial.judged, trial.passed_over) == (
        Grant("CloudTwo/members", ("member",), "apart"),
        (("staff", "users.names does not name it"),),
    )
    nobody = tried(POLICY, "CloudTwo", None, None, token(user=BOB, roles=roles("auditor")))
    assert (nobody.token, [entry for entry, _ in nobody.passed_over]) == (None, ["staff", "members"])


def test_a_trial_refused_before_the_token_is_read() -> None:
    for trial in (tried(NOBODY, "CloudTwo", None, LIST, token()), tried(POLICY, "CloudTwo", "CloudTen", LIST, None)):
        assert isinstance(trial.judged, Denial)
        assert (trial.token, trial.passed_over) == (None, ())


def test_a_token_that_is_none_is_a_denial() -> None:
    assert tried(POLICY, "CloudTwo", None, LIST, {}).judged == Denial(None, "token: not a JSON object")
    broken = token(application_credential=[])
    assert tried(POLICY, "CloudTwo", None, LIST, broken).judged == Denial(None, "application_credential: not a JSON object")
