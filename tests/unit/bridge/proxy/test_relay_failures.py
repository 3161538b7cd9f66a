# SPDX-License-Identifier: Apache-2.0
"""A Keystone that fails while a gateway relays a question to it is named."""

import asyncio

import pytest

from unit.bridge.stage import Script, Visit, played, says, staged

TOKENS = "/identity/v3/auth/tokens"
GLANCE = "X-Auth-Token: glance"
FOREIGN = 'X-Subject-Token: usr!SCOPE!{"*":"CloudTwo","image":"CloudOne"}'


async def never_ends(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\n\r\n")
    while True:
        visit.send(bytes(65536))
        await visit.writer.drain()


async def trickles(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(100):
        visit.send(b" ")
        await visit.writer.drain()
        await asyncio.sleep(0.1)


async def breaks_off(visit: Visit) -> None:
    visit.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"token"')


async def silent(visit: Visit) -> None:
    await visit.reader.read()


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        (never_ends, 502, "larger than 1048576 bytes"),
        (trickles, 504, "does not answer within"),
        (silent, 504, "does not answer within 0.5 s"),
        (breaks_off, 502, "closed the connection"),
        (says("200 OK", body=b"<html>"), 502, "not a document of the Identity API"),
        (says("200 OK", body=b"[1]"), 502, "not a document of the Identity API"),
        (says("200 OK", body=b'{"token": "yes"}'), 502, "not a document of the Identity API"),
        (says("200 OK", body=b"[" * 100_000), 502, "not a document of the Identity API"),
        (says("200 OK"), 502, "not a document of the Identity API"),
    ],
)
@played
async def test_a_peer_that_fails_is_named(script: Script, status: int, words: str) -> None:
    async with staged(there=script) as stage:
        answer = await stage.ask("GET", TOKENS, GLANCE, FOREIGN)
        place = f"identity of CloudTwo at http://127.0.0.1:{stage.ports['there']}/id"
    assert answer.status == status
    assert answer.error.startswith(f"gateway of CloudOne: {place}")
    assert words in answer.error
