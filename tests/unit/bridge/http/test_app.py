# SPDX-License-Identifier: Apache-2.0
"""The bridge reads, refuses and logs any input."""

import asyncio
import json
import logging

import pytest

from openstackoid.bridge.errors import StreamedAnswer
from openstackoid.bridge.http import handler
from openstackoid.bridge.message.body import AUTHENTICATION_LIMIT
from unit.bridge.raw_messages import head, read_answer
from unit.bridge.stage import never, played, says, says_json, staged, token

TOKENS = "/identity/v3/auth/tokens"


@pytest.mark.parametrize(
    ("target", "headers", "status", "words"),
    [
        ("/imagefoo", [], 404, "no service is served at this path"),
        ("/image", ['X-Scope: {"image":"CloudTen"}'], 400, "unknown cloud 'CloudTen'"),
        ("/image", ['X-Scope: {"image":', "X-Auth-Token: t"], 400, "column"),
        ("/image", ["X-Auth-Token: a", "X-Auth-Token: b"], 400, "2 times"),
        ("/image#x", [], 400, "percent-encoded"),
        ("/image", ["Expect: the-moon"], 417, "100-continue"),
    ],
)
@played
async def test_a_refusal_has_the_error_body_of_openstack(target: str, headers: list[str], status: int, words: str) -> None:
    async with staged() as stage:
        answer = await stage.ask("GET", target, *headers)
        assert stage.here.visits == stage.there.visits == []
    error = answer.json()["error"]
    assert answer.status == error["code"] == status
    assert answer.values("content-type") == ["application/json"]
    assert error["message"].startswith("gateway of CloudOne: ")
    assert words in error["message"]
    assert error["title"].encode() in answer.head.split(b"\r\n")[0]


@played
async def test_a_refusal_of_head_has_no_body_and_keeps_the_connection() -> None:
    async with staged(here=says("200 OK")) as stage:
        reader, writer = await stage.connect()
        writer.write(head("HEAD", "/nowhere") + head("GET", "/identity"))
        assert (await read_answer(reader, "HEAD")).status == 404
        assert (await read_answer(reader)).status == 200
        writer.close()


@pytest.mark.parametrize(
    "listener",
    [[], ["X-Openstackoid-Listener: here"], ["X-Openstackoid-Listener: h:x"], ["X-Openstackoid-Listener: h:1"] * 2],
)
@played
async def test_requests_that_did_not_come_from_haproxy_are_refused(listener: list[str]) -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        writer.write("\r\n".join(["GET /image HTTP/1.1", "Host: h", *listener, "\r\n"]).encode())
        answer = await read_answer(reader)
        writer.close()
    assert (answer.status, "HAProxy" in answer.error) == (400, True)


@pytest.mark.parametrize("damaged", [b"GET /image/\xe9 HTTP/1.1\r\n", b"GET /image HTTP/1.1\r\nX-Name: Ren\x01\r\n"])
@played
async def test_bytes_that_could_not_be_sent_on_unharmed_are_refused(damaged: bytes) -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        writer.write(damaged + b"Host: h\r\nX-Openstackoid-Listener: 127.0.0.1:8801\r\n\r\n")
        assert (await read_answer(reader)).status == 400
        writer.close()


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nA B: c\r\n\r\n", b"GET / HTTP/9\r\n\r\n"])
@played
async def test_invalid_http_gets_the_same_error_body(nonsense: bytes) -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        writer.write(nonsense)
        answer = await read_answer(reader)
        assert (answer.status, answer.json()["error"]["code"]) == (400, 400)
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("framing", ["length", "chunks"])
@played
async def test_an_authentication_that_is_too_large(framing: str) -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        if framing == "length":
            writer.write(head("POST", TOKENS, f"Content-Length: {AUTHENTICATION_LIMIT + 1}", "Expect: 100-continue"))
        else:
            writer.write(
                head("POST", TOKENS, "Transfer-Encoding: chunked") + b"10001\r\n" + bytes(AUTHENTICATION_LIMIT + 1) + b"\r\n"
            )
        answer = await read_answer(reader)
        writer.close()
        assert stage.here.visits == []
    assert answer.status == 413
    assert str(AUTHENTICATION_LIMIT) in answer.error
    assert answer.values("connection") == ["close"]


@played
async def test_only_an_authentication_is_read_before_it_is_sent_on() -> None:
    async with staged(here=says("200 OK")) as stage:
        for target in ("/volume/v3/auth/tokens", "/identity/v3/auth/tokens/x"):
            assert (await stage.ask("POST", target, body=bytes(AUTHENTICATION_LIMIT + 1))).status == 200


@played
async def test_an_authentication_without_its_body_gets_400() -> None:
    async with staged() as stage:
        reader, writer = await stage.connect()
        writer.write(head("POST", TOKENS, "Content-Length: 10"))
        answer = await read_answer(reader)
        writer.close()
    assert answer.status == 400
    assert "did not arrive in time" in answer.error


@played
async def test_a_header_as_large_as_haproxy_lets_through() -> None:
    async with staged(here=says("200 OK")) as stage:
        assert (await stage.ask("GET", "/identity/v3", f"X-Auth-Token: {'t' * 15 * 1024}")).status == 200
        assert (await stage.ask("GET", f"/identity/v3?{'q' * 15 * 1024}")).status == 200


@played
async def test_a_defect_is_an_answer_too(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret-token")

    monkeypatch.setattr(handler, "decide", broken)
    async with staged() as stage:
        answer = await stage.ask("GET", "/image")
    assert (answer.status, answer.error) == (500, "gateway of CloudOne: a defect of the bridge; see its log")
    assert "defect: RuntimeError in handler.py:" in caplog.text
    assert "secret" not in caplog.text


@played
async def test_a_defect_in_the_middle_of_an_answer_cuts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(StreamedAnswer, "write", broken)
    async with staged(here=says("200 OK", body=b"content")) as stage:
        reader, writer = await stage.connect()
        writer.write(head("GET", "/identity"))
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await read_answer(reader)
        writer.close()


@played
async def test_the_log_has_one_line_for_each_rewritten_or_failed_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with staged(here=says("200 OK"), there=says_json(token())) as stage:
        await stage.ask("GET", "/identity/v3/users?name=x")
        assert caplog.messages == [], "what went as it should and was not touched is HAProxy's to log"
        await stage.ask("GET", f"{TOKENS}?nocatalog", "X-Auth-Token: glance", 'X-Subject-Token: usr!SCOPE!{"*":"CloudTwo"}')
        await stage.ask("GET", "/image/v2", 'X-Scope: {"image":"Ten"}')
        await stage.ask("GET", "/network", 'X-Scope: {"network":"CloudTwo"}')
    relayed, refused, failed = caplog.messages
    assert relayed.startswith(f"GET {TOKENS} 200 CloudTwo ")
    assert relayed.endswith(" ms: relayed")
    assert refused.startswith("GET /image/v2 400 CloudOne ")
    assert refused.endswith(" ms: refused")
    assert failed.startswith("GET /network 503 CloudTwo ")
    assert "network of CloudTwo at " in failed


@played
async def test_no_secret_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Every way that a token can come, and every way that a request can end."""
    caplog.set_level(logging.DEBUG)
    secret = "gAAAAASECRETSECRETSECRETSECRETSECRETSECRETSECRET"
    scoped = f'{secret}!SCOPE!{{"*":"CloudTwo"}}'
    body = json.dumps({"auth": {"identity": {"token": {"id": scoped}}}}).encode()
    tokens = [f"X-Auth-Token: {scoped}", f"X-Service-Token: {secret}", f"Cookie: {secret}", f"Authorization: {secret}"]
    scripts = [never, says("401 No", body=secret.encode()), says_json({"token": {}}, f"X-Subject-Token: {secret}")]
    scripts += [says(f"200 {secret}", f"X-Ü: {secret}"), says("200 OK", "Transfer-Encoding: chunked", body=secret.encode())]
    for script in scripts:
        async with staged(here=script, there=script) as stage:
            await asyncio.gather(
                stage.ask("GET", TOKENS, f"X-Subject-Token: {scoped}"),
                stage.ask("GET", TOKENS, f"X-Subject-Token: {scoped}", *tokens),
                stage.ask("POST", TOKENS, *tokens[1:], body=body),
                stage.ask("POST", f"/image/{secret}?token={secret}", *tokens, body=body),
                stage.ask("GET", "/image", f'X-Scope: {{"{secret}":"{secret}"}}'),
                stage.ask("GET", f"/{secret}", *tokens),
                stage.ask("GET", "/image", f"{secret}: é"),
                return_exceptions=True,
            )
            for damaged in (f"{secret} {secret}\r\n\r\n", f"GET / HTTP/1.1\r\n{secret} {secret}: {secret}\r\n\r\n"):
                reader, writer = await stage.connect()
                writer.write(damaged.encode())
                await reader.read()
                writer.close()
    assert len(caplog.records) > 20
    for record in caplog.records:
        assert secret[:20] not in record.getMessage()
        assert secret[:20] not in str(record.exc_info)


@played
async def test_requests_do_not_wait_for_each_other() -> None:
    async with staged(here=says("200 OK")) as stage:
        started = asyncio.get_running_loop().time()
        slow = asyncio.gather(*(stage.ask("GET", "/image", 'X-Scope: {"image":"CloudTwo"}') for _ in range(50)))
        fast = [await stage.ask("GET", "/identity") for _ in range(10)]
        answers = await slow
        # One after the other, the slow ones would take 25 s.
        assert asyncio.get_running_loop().time() - started < 12
    # On a busy machine a connection is not made in time (503) where otherwise the answer does not come in time (504).
    assert {answer.status for answer in answers} <= {503, 504}
    assert [answer.status for answer in fast] == [200] * 10
