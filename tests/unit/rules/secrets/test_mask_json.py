"""Under which keys of a JSON value secrets stand, and under which they do not."""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.secrets.mask_json import mask_json

PASSWORD, KEY, PIN = "[masked: password]", "[masked: api key]", "[masked: pin]"


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ({"pin": 4821, "password": 12345678}, {"pin": PIN, "password": PASSWORD}),
        ({"cvv": 123}, {"cvv": "[masked: security code]"}),
        ({"auth": {"password": {"value": "x"}}}, {"auth": {"password": {"value": PASSWORD}}}),
        ({"passwords": ["a", 1, ["b"]]}, {"passwords": [PASSWORD, PASSWORD, [PASSWORD]]}),
        ({"secrets": {"a": "b", "c": {"d": "e"}}}, {"secrets": {"a": KEY, "c": {"d": KEY}}}),
        ({"db_pass": "x", "smtpPass": "y"}, {"db_pass": PASSWORD, "smtpPass": PASSWORD}),
        (
            {"credentials": {"user": "ada", "password": "p", "x": "y"}},
            {"credentials": {"user": "ada", "password": PASSWORD, "x": PASSWORD}},
        ),
        ({"credentials": ["a"], "creds": "b"}, {"credentials": [PASSWORD], "creds": PASSWORD}),
        ({"api_keys": {"a": "b"}}, {"api_keys": {"a": KEY}}),
        ({"accessTokens": ["a"], "token": 12345678}, {"accessTokens": [KEY], "token": KEY}),
        ({"пароль": "x", "密码": 1234}, {"пароль": PASSWORD, "密码": PASSWORD}),
        ({"mnemonic": "a b"}, {"mnemonic": "[masked: seed phrase]"}),
    ],
)
def test_what_a_key_announces_is_masked_all_the_way_down(value: Any, masked: Any) -> None:
    assert mask_json(value).value == masked
    assert mask_json(masked).counts == {}


@pytest.mark.parametrize(
    "value",
    [
        {"tokens": 12, "max_tokens": 4096, "total_tokens": 128000, "tokens_used": "many"},
        {"tokens": ["the", "cat"]},
        {"boarding_pass": "LH1234", "skiPass": "Saastal2025", "bypass": 1, "compass": "N"},
        {"password_reset": True, "password_length": 12, "has_password": False, "password": None},
        {"pinned": 3, "secretary": "Ann", "passport": "x", "pass_rate": 0.9, "key": "k"},
        {"password": True, "secret": "", "pins": {}},
    ],
)
def test_other_keys_announce_nothing(value: Any) -> None:
    assert mask_json(value).value == value
