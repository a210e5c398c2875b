"""F41: a request goes to an address that was judged, under the name that was asked for."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.webhooks.addresses import AddressNotAllowed
from app.webhooks.sender import Sender, Undelivered
from tests.providers.server import Running
from tests.support.webhook_receiver import Receiver

LOOPBACK = [IPv4Network("127.0.0.0/8")]


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, int]]:
    found = Receiver()
    with Running(found) as running:
        yield found, running.port


def post(sender: Sender, url: str) -> int:
    return asyncio.run(sender.post(url, {"x-a": "b"}, b'{"a":1}'))


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, answers: Callable[[str], list[str]]) -> Iterator[None]:
    """A resolver that answers so."""

    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers(str(host))
        ]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


def test_the_request_is_the_one_that_was_asked_for(receiver: tuple[Receiver, int]) -> None:
    assert post(Sender(LOOPBACK), f"http://127.0.0.1:{receiver[1]}/hooks?a=b") == 204

    [call] = receiver[0].calls
    assert (call.path, call.raw) == ("/hooks?a=b", b'{"a":1}')
    assert call.headers["host"] == f"127.0.0.1:{receiver[1]}"
    assert call.headers["x-a"] == "b"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]"],
)
def test_nothing_listens_in_vain_on_the_inside(receiver: tuple[Receiver, int], host: str) -> None:
    sender = Sender([IPv4Network("10.255.0.0/16")])  # Any port, so that only the address counts.

    with pytest.raises(AddressNotAllowed):
        asyncio.run(sender.check(f"http://{host}:{receiver[1]}/"))
    with pytest.raises(Undelivered) as refused:
        post(sender, f"http://{host}:{receiver[1]}/")

    assert refused.value.code == "url_not_allowed"
    assert receiver[0].count == 0


def test_a_name_that_changes_after_the_check_gains_nothing(
    receiver: tuple[Receiver, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender([IPv4Network("10.255.0.0/16")])
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["93.184.215.14", "127.0.0.1"]])
    with names(monkeypatch, lambda _: next(answers)):
        asyncio.run(sender.check("https://rebinding.example/"))
        for _ in range(2):
            with pytest.raises(Undelivered) as refused:
                post(sender, "https://rebinding.example/")
            assert refused.value.code == "url_not_allowed"
    assert receiver[0].count == 0


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: tuple[Receiver, int]) -> None:
    inside = f"http://127.0.0.2:{receiver[1]}/inside"
    receiver[0].script({"status": 307, "headers": {"location": inside}})

    assert post(Sender(LOOPBACK), f"http://127.0.0.1:{receiver[1]}/") == 307
    assert [call.path for call in receiver[0].calls] == ["/"]


def test_every_failure_has_its_code(receiver: tuple[Receiver, int]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
        codes = {}
        for url in (
            f"http://127.0.0.1:{nobody}/",
            f"https://127.0.0.1:{receiver[1]}/",
            "https://nobody.invalid/",
        ):
            with pytest.raises(Undelivered) as missed:
                post(Sender(LOOPBACK), url)
            codes[url.partition("/")[0] + str(len(codes))] = missed.value.code
    receiver[0].script({"reset": True})
    with pytest.raises(Undelivered) as broken:
        post(Sender(LOOPBACK), f"http://127.0.0.1:{receiver[1]}/")

    assert codes == {"http:0": "unreachable", "https:1": "tls", "https:2": "unresolvable"}
    assert broken.value.code in ("unreachable", "protocol")


def test_a_body_without_end_is_not_waited_for(receiver: tuple[Receiver, int]) -> None:
    receiver[0].script({"status": 200, "body": "x" * 100_000, "drip_seconds": 0.05})

    async def within(seconds: float) -> int:
        async with asyncio.timeout(seconds):
            url = f"http://127.0.0.1:{receiver[1]}/"
            return await Sender(LOOPBACK).post(url, {}, b"{}")

    assert asyncio.run(within(14.0)) == 200


def test_tls_proves_the_name_although_the_address_was_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certificate_for("hooks.example", tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    asked_for: list[str | None] = []

    async def try_both() -> tuple[int, str]:
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving.load_cert_chain(certificate, key)
        serving.sni_callback = lambda _, name, __: asked_for.append(name)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        sender = Sender(LOOPBACK, trusting)
        status = await sender.post(f"https://hooks.example:{port}/", {}, b"{}")
        try:
            await sender.post(f"https://another.example:{port}/", {}, b"{}")
        except Undelivered as refused:
            return status, refused.code
        finally:
            server.close()
        raise AssertionError("another name was accepted")

    with names(monkeypatch, lambda _: ["127.0.0.1"]):
        assert asyncio.run(try_both()) == (200, "tls")
    assert asked_for == ["hooks.example", "another.example"]


def certificate_for(name: str, folder: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def test_a_shorter_deadline_holds(receiver: tuple[Receiver, int]) -> None:
    receiver[0].script({"delay_seconds": 5})
    began = time.monotonic()

    with pytest.raises(Undelivered) as late:
        asyncio.run(
            Sender(LOOPBACK).post(
                f"http://127.0.0.1:{receiver[1]}/", {}, b"{}", deadline_seconds=0.3
            )
        )

    assert late.value.code == "timeout"
    assert time.monotonic() - began < 3
