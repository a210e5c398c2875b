"""Secrets are masked, and nothing else. Every secret here is made up, and none opens anything."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.secrets.mask import mask
from app.rules.secrets.mask_json import mask_json
from tests.support.growth import grows_linearly

# Tokens are put together here, so that no scanner takes this file for a leak.
BODY = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6"
HEX = "0123456789abcdef0123456789abcdef"

TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLQ",
    "ghp_" + BODY[:36],
    "github_pat_" + BODY[:22] + "_" + BODY[:40],
    "glpat-" + BODY[:20],
    "xoxb-" + "123456789012-" + BODY[:24],
    "sk_live_" + BODY[:24],
    "rk_test_" + BODY[:24],
    "sk-" + BODY[:48],
    "sk-proj-" + BODY[:30] + "_-" + BODY[:20],
    "sk-ant-api03-" + BODY + "-" + BODY[:30],
    "sk-or-v1-" + HEX + HEX,
    "AIza" + BODY[:35],
    "npm_" + BODY[:36],
    "pypi-" + "AgEIcHlwaS5vcmc" + BODY,
    "hf_" + BODY[:34],
    "123456789:AA" + BODY[:33],
    "SK" + HEX,
    "SG." + BODY[:22] + "." + BODY[:43],
    "smara_" + BODY[:46],
    "whsec_" + BODY[:32] + "/+==",
    "xai-" + BODY,
    "dop_v1_" + HEX + HEX,
    "ya29." + BODY,
]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:7])
@pytest.mark.parametrize("frame", ["{}", "Use {}, please.", "KEY={}\n", '{{"k": "{}"}}', "({})"])
def test_a_token_of_a_known_issuer_is_masked_wherever_it_stands(token: str, frame: str) -> None:
    masked = mask(frame.format(token))

    assert masked.text == frame.format("[masked: api key]")
    assert masked.counts == {"api key": 1}


PEM = (
    "-----BEGIN RSA PRIVATE " + "KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n"
    + f"{BODY}{BODY[:12]}\n" * 3
    + "abc=\n-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Key:\n{PEM}\nDone.", "Key:\n[masked: private key]\nDone."),
        (f"Key:\n{PEM[:200]}", "Key:\n[masked: private key]"),
        (f"Key:\n{PEM[:158]}\nthis is all", "Key:\n[masked: private key]\nthis is all"),
        (json.dumps(PEM), '"[masked: private key]"'),
        (
            f"JWT eyJ{BODY[:20]}.eyJ{BODY[:30]}.{BODY[:43]} ends",
            "JWT [masked: signed token] ends",
        ),
        ("postgres://ada:s3cr3t@db:5432/x", "postgres://ada:[masked: password]@db:5432/x"),
        ("redis://:pw@localhost", "redis://:[masked: password]@localhost"),
        ("https://ada:p@ss@host/x", "https://ada:[masked: password]@host/x"),
        (f"Authorization: Bearer {BODY}", "Authorization: Bearer [masked: api key]"),
        ('"Authorization": "Basic YWRhOmxvdmVsYWNl"', '"Authorization": "Basic [masked: api key]"'),
        (
            f"aws_access_key_id = {TOKENS[0]}\nsecret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEQ",
            "aws_access_key_id = [masked: api key]\nsecret: [masked: api key]",
        ),
        ("api_key = 'q1w2e3r4t5'", "api_key = '[masked: api key]'"),
        ("token: 9f8e7d6c5b", "token: [masked: api key]"),
        ("client secret is Zx9-yWq.88", "client secret is [masked: api key]"),
        ("?access_token=9f8e7d6c5b&page=2", "?access_token=[masked: api key]&page=2"),
        ('{"apiKey":"q1w2e3r4t5"}', '{"apiKey":"[masked: api key]"}'),
        ('{\\"password\\": \\"pa ss\\"}', '{\\"password\\": \\"[masked: password]\\"}'),
        ("DB_PASSWORD=swordfish", "DB_PASSWORD=[masked: password]"),
        ('config["password"] = "a b c d"', 'config["password"] = "[masked: password]"'),
        ("<password>hunter2</password>", "<password>[masked: password]</password>"),
    ],
)
def test_secrets_with_a_form_or_a_label_are_masked_and_the_label_stays(
    text: str, masked: str
) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("My password is hunter2.", "My password is [masked: password]."),
        ("User's password is swordfish.", "User's password is [masked: password]."),
        ("the password is swordfish and", "the password is [masked: password] and"),
        ("Wifi password: correct-horse", "Wifi password: [masked: password]"),
        ("my password for the bank is Xy!zzy", "my password for the bank is [masked: password]"),
        ("I changed my password to hunter2", "I changed my password to [masked: password]"),
        ("log in with password hunter22", "log in with password [masked: password]"),
        ('My password is "open sesame now"', 'My password is "[masked: password]"'),
        ("password: $ecret(99", "password: [masked: password]"),
        ("password: my_dog_99", "password: [masked: password]"),
        ("my password is Pa(ss1word", "my password is [masked: password]"),
        ("My password’s hunter2", "My password’s [masked: password]"),
        ("Mein Passwort lautet Geheim1!", "Mein Passwort lautet [masked: password]"),
        ("Das Passwort ist Schmetterling.", "Das Passwort ist [masked: password]."),
        ("Mi contraseña es gato123", "Mi contraseña es [masked: password]"),
        ("la clave del wifi es gato123", "la clave del wifi es [masked: password]"),
        ("mon mot de passe est Azerty12", "mon mot de passe est [masked: password]"),
        ("My PIN is 1234.", "My PIN is [masked: pin]."),
        ("PIN: 123456", "PIN: [masked: pin]"),
        ("the pin for my card is 0042", "the pin for my card is [masked: pin]"),
        ("Meine PIN ist 1234", "Meine PIN ist [masked: pin]"),
        ("mi PIN es el 1234", "mi PIN es el [masked: pin]"),
        ("CVV 123, exp 12/27", "CVV [masked: security code], exp 12/27"),
        ("the security code is 1234", "the security code is [masked: security code]"),
        ("Your verification code is 493021", "Your verification code is [masked: security code]"),
    ],
)
def test_secrets_told_in_prose_are_masked(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111 – 1111 – 1111 – 1111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
        "6304000000000000",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "Card {}.", "{} 12/27 123", "a,{},b", "'{}'"])
def test_a_card_number_is_masked_however_it_is_written(number: str, frame: str) -> None:
    if frame == "{} 12/27 123" and number.startswith("4 1"):
        frame = "{}, 12/27 123"
    assert mask(frame.format(number)).text == frame.format("[masked: card number]")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("４１１１ １１１１ １１１１ １１１１", "[masked: card number]"),
        ("é 4111\u200b1111\u200b1111\u200b1111!", "é [masked: card number]!"),
        ("٤١١١١١١١١١١١١١١١", "[masked: card number]"),
        (f"é ghp_{BODY[:9]}\u200d{BODY[9:36]}.", "é [masked: api key]."),
        ("my pass\u00adword is hun\u2060ter2", "my pass\u00adword is [masked: password]"),
        ("ｐａｓｓｗｏｒｄ：ｈｕｎｔｅｒ２", "ｐａｓｓｗｏｒｄ：[masked: password]"),
    ],
)
def test_invisible_and_wide_characters_hide_no_secret(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password yesterday.",
        "My password manager is KeePass.",
        "The password is wrong.",
        "My password is too short and I need a new one.",
        "Passwords: change them every year.",
        "The password is required.",
        "password must be at least 8 characters long",
        "My password is 12 characters long",
        "Das Passwort ist abgelaufen.",
        "Mi contraseña es muy larga.",
        "La clave es la paciencia.",
        "La clave del éxito es trabajar.",
        "Mon mot de passe est oublié.",
        "I need a password to enter.",
        "Reset your password at the desk.",
        "The secret is patience.",
        "The secret ingredient is cinnamon.",
        "Token: the smallest unit of text",
        "max_tokens: 4096, token limit: 128000",
        "password = os.environ['PGPASSWORD']",
        "api_key: YOUR_API_KEY",
        "api_key=<your key>",
        "token = get_token(user)",
        "password: ********",
        "password = input()",
        "password=$DB_PASSWORD and password: ${DB_PASSWORD}",
        "password: {{ password }}",
        "User's password is stored in KeePass.",
        "My password is my dog's name.",
        "Authorization: Bearer smara_…",
        "She is the bearer of good news.",
        "Call +49 170 1234 5678 9012 or 0170-1234567.",
        "Call me at 555-123-4567.",
        "On 2024-05-08 13:56:22 and 2024-05-09 14:00:00",
        "550e8400-e29b-41d4-a716-446655440000",
        "41111111-1111-4111-8111-111111111111",
        "Order 4111111111111112 is late.",
        "Order number 1234567890123452",
        "ISBN 978-3-16-148410-0, EAN 4006381333931",
        "0.4111111111111111",
        "0000000000000000 4444444444444444",
        "commit daaf14d4441bce14571c7e440a58ff6e31a0b1c2d3 fixes it",
        "sha256 " + HEX + HEX,
        "tweet /status/4111111111111111",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
        "smara_store_memory and smara_search_memories",
        "hf_hub_download, npm_config_registry, sk-learn-based-classification-pipeline",
        "https://example.org:8080/@ada and mailto:ada@example.org",
        "The PIN code of Delhi is 110001. PIN code: 560001",
        "I bought a pin for 1200 rupees; pin 1234 posts",
        "The pin is 10 mm long.",
        "CVV is on the back.",
        "-----BEGIN PRIVATE KEY----- is how it begins.",
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEbGmJhDANBgkqhkiG9w0BAQ\n",
        "GB29 NWBK 6016 1331 9268 19",
        "👨\u200d👩\u200d👧 می\u200cخواهم ４１１１",
        "",
    ],
)
def test_what_is_no_secret_stays_byte_for_byte(text: str) -> None:
    masked = mask(text)

    assert masked.text == text
    assert masked.counts == {}


def test_each_kind_is_counted() -> None:
    masked = mask(f"PIN: 1234, PIN: 5678, password: hunter2, {TOKENS[1]} and 4111111111111111")

    assert masked.counts == {"pin": 2, "password": 1, "api key": 1, "card number": 1}


def test_metadata_is_masked_in_strings_in_keys_and_under_telling_keys() -> None:
    masked = mask_json(
        {
            "password": "tea",
            "db": {"apiKey": "x", "note": "my PIN is 1234", "n": 3, "ok": True, "none": None},
            "access_token": ["a", 5, "b"],
            "secret": "",
            "tokens": 12,
            "pin": "[masked: pin]",
            "card": 4111111111111111,
            TOKENS[1]: 1,
            TOKENS[2]: 2,
        }
    )

    assert masked.value == {
        "password": "[masked: password]",
        "db": {
            "apiKey": "[masked: api key]",
            "note": "my PIN is [masked: pin]",
            "n": 3,
            "ok": True,
            "none": None,
        },
        "access_token": ["[masked: api key]", 5, "[masked: api key]"],
        "secret": "",
        "tokens": 12,
        "pin": "[masked: pin]",
        "card": "[masked: card number]",
        "[masked: api key]": 1,
        "[masked: api key] 2": 2,
    }
    assert masked.counts == {"password": 1, "api key": 5, "pin": 1, "card number": 1}
    assert mask_json(masked.value).value == masked.value


_pieces = st.sampled_from(
    [
        *TOKENS,
        PEM,
        PEM[:90],
        "4111 1111 1111 1111",
        "4111",
        " 1111",
        "password",
        " is ",
        ": ",
        "=",
        "hunter2",
        "PIN",
        " 1234",
        "CVV ",
        "123",
        "eyJ",
        ".",
        "://a:",
        "@",
        "b",
        "Bearer ",
        '"',
        "'",
        "[masked: api key]",
        "[masked: ",
        "]",
        "token",
        "\u200b",
        "４",
        "-",
        "\ue000",
        "\n",
        "AKIA",
    ]
)
_texts = st.lists(_pieces | st.text(max_size=4), max_size=14).map("".join)


@given(_texts)
def test_masking_twice_changes_nothing(text: str) -> None:
    once = mask(text).text

    assert mask(once).text == once
    assert mask(once).counts == {}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":=[@")), _texts)
def test_counts_and_placeholders_agree(before: str, text: str) -> None:
    masked = mask(before + text)

    assert masked.text.count("[masked: ") - (before + text).count("[masked: ") <= sum(
        masked.counts.values()
    )
    assert (masked.text == before + text) == (not masked.counts)


HOSTILE = [
    ("", "eyJ"),
    ("", "eyJaaaaaaaaaa."),
    ("", "1 "),
    ("", "1  "),
    ("", "1 - "),
    ("", "4"),
    ("", "4111 "),
    ("", "4111 1111 1111 1111 "),
    ("", "-----BEGIN PRIVATE KEY-----\n"),
    ("-----BEGIN PRIVATE KEY-----", " "),
    ("-----BEGIN PRIVATE KEY-----", "\nA: b"),
    ("", "password "),
    ("", "password for a "),
    ("", "password: hunter2 "),
    ("", "api_key = '"),
    ("", "token="),
    ("", "authorization:"),
    ("", "Bearer "),
    ("", "://"),
    ("", "://a:b@"),
    ("", "ghp_"),
    ("", "sk-"),
    ("sk-", "a"),
    ("", "AKIA"),
    ("aws ", "a"),
    ("", "\\"),
    ("", "pin"),
    ("", "\u200b4"),
    ("é", "[masked: pin]"),
    ("", " "),
    ("", ":AA"),
    ("", "key "),
]


@pytest.mark.parametrize(("begins", "piece"), HOSTILE)
def test_the_time_grows_with_the_length_of_the_text_alone(begins: str, piece: str) -> None:
    assert grows_linearly(lambda n: mask((begins + piece * n)[:n]), 20_000)
