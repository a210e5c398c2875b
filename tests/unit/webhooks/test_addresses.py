"""F41: where a webhook may go."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest

from app.webhooks.addresses import AddressNotAllowed, judge, parsed

HERE = [IPv4Network("10.1.0.0/16"), IPv6Network("::1/128")]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://user:secret@example.com/",
        "https://example.com:22/",
        "https://example.com:6379/",
        "https://example.com/#here",
        "https://example.com\\@10.0.0.1/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://",
        "https:///path",
        "//example.com/",
        "example.com",
        "",
        "https://[::1",
        "https://example.com:99999/",
        "https://" + "a" * 2_000 + ".com/",
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(AddressNotAllowed):
        parsed(url, [])


@pytest.mark.parametrize(
    "url", ["https://example.com/hooks?a=b", "https://example.com:8443/", "https://bücher.example/"]
)
def test_https_on_a_public_port_will_do(url: str) -> None:
    judge(parsed(url, []), ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"], [])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "fd00:ec2::254",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:5db8:d70e::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fec0::1",
        "3fff::1",
        "192.88.99.1",
        "::ffff:192.88.99.1",
        "64:ff9b::c058:6301",
    ],
)
def test_no_address_inside_is_reached_however_it_is_written(address: str) -> None:
    url = parsed("https://example.com/", [])

    with pytest.raises(AddressNotAllowed):
        judge(url, [address], [])
    with pytest.raises(AddressNotAllowed):
        judge(url, ["93.184.215.14", address], [])


def test_a_public_address_behind_nat64_is_public() -> None:
    judge(parsed("https://example.com/", []), ["64:ff9b::5db8:d70e"], [])


def test_an_operator_may_open_networks_and_nothing_else_opens_with_them() -> None:
    judge(parsed("http://hooks.internal:9000/", HERE), ["10.1.2.3"], HERE)
    judge(parsed("http://hooks.internal:9000/", HERE), ["::ffff:10.1.2.3"], HERE)
    judge(parsed("http://hooks.internal:9000/", HERE), ["::1"], HERE)
    for url, address in [
        ("https://hooks.internal/", "10.2.0.1"),
        ("http://example.com/", "93.184.215.14"),
        ("https://example.com:9000/", "93.184.215.14"),
    ]:
        with pytest.raises(AddressNotAllowed):
            judge(parsed(url, HERE), [address], HERE)
