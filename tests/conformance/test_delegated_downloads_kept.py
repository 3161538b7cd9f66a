# SPDX-License-Identifier: Apache-2.0
"""What HAProxy keeps to serve images to a peer in the name of users here, for how long, and what is written down."""

import os
import signal
import time
from base64 import b64encode
from contextlib import closing
from pathlib import Path

import pytest

from conformance.bound_tokens import COMPUTE_THERE, TOKEN
from conformance.downloads import BYTES, DOCUMENT, FILE, Cloud, changed, cloud, lasts, taught, unsealed
from conformance.gateway import SECRET
from conformance.guests import ends
from openstackoid.bridge.audit.admission_header import decode
from openstackoid.haproxy.delegated_downloads import SEAL_VARIABLE
from openstackoid.haproxy.guests import SALT_VARIABLE
from openstackoid.routing.admission import SEALED
from openstackoid.scope import join_token


def salt_of(here: Cloud) -> str:
    """Return the salt of HAProxy's digests, which operators see."""
    return here.command("show env OPENSTACKOID_SALT").strip().partition("=")[2]


def test_each_use_is_audited_and_counted(here: Cloud) -> None:
    token, before, lines = join_token(here.bound(), COMPUTE_THERE), here.counted(), len(here.audited())
    for path in (DOCUMENT, FILE, FILE):
        here.recorder.answers = BYTES if path == FILE else {}
        assert here.ask(path, token)[0] == 200
    line = here.audited(lines + 3)[-1]
    assert (line["home"], line["sender"], line["path"]) == ("CloudOne", "CloudTwo", FILE)
    assert (line["rule"], line["outcome"], line["roles"]) == ("delegation of CloudTwo/images", "allowed", [])
    assert (line["user"]["name"], line["project"]["name"]) == ("demo", "demo")
    until = time.monotonic() + 10
    while here.counted() - before != 3 and time.monotonic() < until:
        time.sleep(0.2)
    assert here.counted() - before == 3


def test_a_request_with_trailers_is_the_last_on_its_connection(here: Cloud) -> None:
    """As on one to any other service: test_hostile_framing.py."""
    token = taught(here)
    here.recorder.answers = BYTES
    here.recorder.seen.clear()
    with here.without_python(), closing(here.connection()) as connection:
        headers = {"X-Case": "downloads", "X-Auth-Token": token, "Transfer-Encoding": "chunked"}
        connection.request("GET", FILE, iter([b"x"]), headers, encode_chunked=True)
        assert connection.getresponse().status == 200
    assert [value for name, value in here.seen.headers if name.lower() == "connection"] == ["close"]


class TestWhatHAProxyKeeps:
    def test_nothing_on_the_control_socket_holds_a_token(self, here: Cloud) -> None:
        opened = f"{TOKEN}secret"
        token = taught(here, opened)
        bound = token.partition("~")[0]
        with closing(here.connection()) as connection:
            connection.request("GET", FILE, headers={"X-Auth-Token": token})
            connection.getresponse().read()
            numbers = [line.split()[0] for line in here.command("show map").splitlines() if line and line[0].isdigit()]
            told = [here.command(f"show map #{number}") for number in numbers]
            told += [
                here.command(line)
                for line in ("show sess all", "show errors", "show table", "show info", "show stat", "show pools")
            ]
        text = "\n".join(told)
        assert opened not in text
        assert bound not in text
        assert bound.removeprefix("bound1.")[:40] not in text

    def test_the_log_and_the_audit_log_hold_none(self, here: Cloud) -> None:
        opened = f"{TOKEN}logged"
        token = taught(here, opened)
        here.ask(FILE, token)
        here.audited(1)
        for name in ("bridge.log", "audit.log"):
            text = (here.folder / name).read_text()
            assert opened not in text
            assert token.partition("~")[0] not in text
        assert here.sealed(token) not in (here.folder / "bridge.log").read_text()

    def test_a_token_that_does_not_open_is_no_token_and_the_next_request_is_judged_anew(self, here: Cloud) -> None:
        token = join_token(here.bound(), COMPUTE_THERE)
        name, value = here.admission(token)
        sealed = value.split("|")[SEALED - 1]
        nonce, _, tag = sealed.split(":")
        here.set_admission(name, value.replace(sealed, f"{nonce}:{b64encode(b'another').decode()}:{tag}"))
        here.recorder.answers = BYTES
        status, _, said = here.ask(FILE, token)
        assert (status, here.recorder.seen) == (503, [])
        assert b"gateway of CloudOne: the bound token cannot be opened; send the request again" in said
        assert here.ask(FILE, token)[0] == 200

    def test_the_bound_token_and_the_secret_together_open_what_is_kept_and_neither_alone(self, here: Cloud) -> None:
        opened = f"{TOKEN}both"
        token = taught(here, opened)
        sealed, text = here.sealed(token), f"{token}||image.public|CloudTwo"
        assert unsealed(sealed, SECRET, text) == opened
        for secret, known in (
            (salt_of(here), text),
            (SECRET, text.replace(token, changed(token))),
            (SECRET, text.replace("CloudTwo", "Nobody")),
            (SECRET, text.replace("image.public", "image.internal")),
            (SECRET, ""),
        ):
            assert unsealed(sealed, secret, known) is None

    def test_neither_the_shown_environment_nor_a_variable_has_the_secret(self, here: Cloud) -> None:
        taught(here)
        told = [here.command(line) for line in ("show env", "get var proc.seal_secret", "show startup-logs", "show sess all")]
        told += [(here.folder / name).read_text() for name in ("haproxy.cfg", "bridge.log")]
        assert salt_of(here) in told[0]
        assert not [text for text in told if SECRET in text]
        assert "not found" in told[1] or "undefined" in told[1] or told[1].strip() == "", told[1]

    @pytest.mark.parametrize("secret", [{}, {SEAL_VARIABLE: ""}], ids=["none", "empty"])
    def test_without_a_secret_of_its_own_haproxy_seals_by_its_salt(self, tmp_path: Path, secret: dict[str, str]) -> None:
        with cloud(tmp_path, secret=secret) as here:
            opened = f"{TOKEN}salt"
            token = taught(here, opened)
            assert (
                unsealed(here.sealed(token), b64encode(salt_of(here).encode()).decode(), f"{token}||image.public|CloudTwo")
                == opened
            )

    def test_without_a_salt_it_keeps_none(self, tmp_path: Path) -> None:
        with cloud(tmp_path, secret={SALT_VARIABLE: "none"}) as here:
            token = join_token(here.bound(), COMPUTE_THERE)
            assert here.ask(DOCUMENT, token)[0] == 200
            assert here.alone(FILE, token) == 503

    def test_a_token_that_is_taught_again_keeps_its_place(self, here: Cloud) -> None:
        token = taught(here)
        before = here.kept()
        for _ in range(5):
            assert here.ask(DOCUMENT, token)[0] == 200
        assert here.kept() == before
        here.recorder.answers = BYTES
        assert here.alone(FILE, token) == 200


class TestItsEnd:
    def test_it_ends_with_what_the_policy_believes(self, tmp_path: Path) -> None:
        with cloud(tmp_path, "{seconds: 4}") as here:
            assert 0 < lasts(here, join_token(here.bound(), COMPUTE_THERE)) <= 4

    def test_it_ends_with_the_token_and_with_the_bound_token(self, here: Cloud) -> None:
        now = time.time()
        assert 0 < lasts(here, join_token(here.bound_until(now + 4.5), COMPUTE_THERE)) <= 5
        before, here.recorder.of_tokens = here.recorder.of_tokens, {"expires_at": ends(4.5)}
        try:
            assert 0 < lasts(here, join_token(here.bound(), COMPUTE_THERE)) <= 5
        finally:
            here.recorder.of_tokens = before

    @pytest.mark.parametrize(
        "policy",
        [
            "{audit: strict}",
            "{seconds: 0}",
            "{delegation: {'*': {images: false}}}",
            "{delegation: {'*': {images: false, users: {image: [GET /v2/images/1, GET /v2/images/1/file]}}}}",
        ],
        ids=["strict", "no seconds", "no images", "one image"],
    )
    def test_where_python_serves_each(self, tmp_path: Path, policy: str) -> None:
        with cloud(tmp_path, policy) as here:
            token = join_token(here.bound(), COMPUTE_THERE)
            allowed = 403 if policy.endswith("images: false}}}") else 200
            for path in (DOCUMENT, FILE):
                assert here.ask(path, token)[0] == allowed
            assert here.alone(FILE, token) == 503

    def test_a_rule_of_the_operator_is_the_rule_of_the_downloads(self, tmp_path: Path) -> None:
        with cloud(tmp_path, "{delegation: {CloudTwo: {images: false, users: {image: [GET /v2/images/**]}}}}") as here:
            token = taught(here)
            here.recorder.answers = BYTES
            use = decode(here.ask(FILE, token)[1]["x-openstackoid-use"])
            assert use is not None
            assert use.rule == "delegation of CloudTwo/users"

    def test_a_process_that_is_replaced_serves_none(self, tmp_path: Path) -> None:
        with cloud(tmp_path) as here, closing(here.connection()) as connection:
            token = taught(here)

            def again() -> int:
                connection.request("GET", FILE, headers={"X-Case": "downloads", "X-Auth-Token": token})
                answer = connection.getresponse()
                answer.read()
                return answer.status

            with here.without_python():
                assert again() == 200
                os.kill(here.haproxy, signal.SIGUSR1)
                time.sleep(0.5)
                assert again() == 503
