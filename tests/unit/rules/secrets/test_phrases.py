"""Secrets given away by phrases, commands and files, and words that only look like it. Every secret
here is made up, and none opens anything."""

from __future__ import annotations

import pytest

from app.rules.secrets.mask import mask
from tests.support.growth import grows_linearly


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "secret access key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEQ",
            "secret access key: [masked: api key]",
        ),
        (
            "Secret Access Key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEQ",
            "Secret Access Key [masked: api key]",
        ),
        (
            "my secret access key is wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEQ",
            "my secret access key is [masked: api key]",
        ),
        ("cc4111111111111111", "cc[masked: card number]"),
        ("4111/1111/1111/1111", "[masked: card number]"),
        ("4111_1111_1111_1111", "[masked: card number]"),
        ("card 4111 1111\n1111 1111 ok", "card [masked: card number] ok"),
        ("card 4111111111111111/1227/123", "card [masked: card number]"),
        (
            "private key 0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "private key [masked: private key]",
        ),
        (
            "my private key is 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "my private key is [masked: private key]",
        ),
        (
            "seed phrase: legal winner thank year wave sausage worth useful legal winner"
            " thank yellow",
            "seed phrase: [masked: seed phrase]",
        ),
        (
            "My recovery phrase is legal winner thank year wave sausage worth useful leg"
            "al winner thank yellow.",
            "My recovery phrase is [masked: seed phrase].",
        ),
        (
            'mnemonic = "legal winner thank year wave sausage worth useful legal winner '
            'thank yellow"',
            'mnemonic = "[masked: seed phrase]"',
        ),
        (
            "my wallet seed words are:\n1. legal\n2. winner\n3. thank\n4. year\n5. wave"
            "\n6. sausage\n7. worth\n8. useful\n9. legal\n10. winner\n11. thank\n12. yel"
            "low",
            "my wallet seed words are:\n[masked: seed phrase]",
        ),
        ("passphrase is correct horse battery staple", "passphrase is [masked: password]"),
        ("My passphrase is correct horse battery staple.", "My passphrase is [masked: password]."),
        ("I use hunter2 as my password", "I use [masked: password] as my password"),
        ("I use swordfish as my password.", "I use [masked: password] as my password."),
        (
            "I changed my password from hunter2 to swordfish9",
            "I changed my password from [masked: password] to [masked: password]",
        ),
        (
            "changed my password from swordfish to Dragonfly.",
            "changed my password from [masked: password] to [masked: password].",
        ),
        ("pw: hunter2", "pw: [masked: password]"),
        ("pw: swordfish", "pw: [masked: password]"),
        ("PW=hunter2x", "PW=[masked: password]"),
        ("| password | hunter2 |", "| password | [masked: password] |"),
        ("| Password | swordfish |", "| Password | [masked: password] |"),
        ("password:\n  hunter2", "password:\n  [masked: password]"),
        ("password:\n  swordfish\n", "password:\n  [masked: password]\n"),
        (
            "curl -u bob:hunter2 https://x.example",
            "curl -u bob:[masked: password] https://x.example",
        ),
        ("curl --user bob:swordfish https://x", "curl --user bob:[masked: password] https://x"),
        ("mysql -u root -phunter2 db", "mysql -u root -p[masked: password] db"),
        ("mysql -pswordfish", "mysql -p[masked: password]"),
        (
            "https://acct.blob.core.windows.net/c?sv=2022&sig=abcDEF123%2Bxyz%2F987abcDE"
            "F123xyz%3D&se=2",
            "https://acct.blob.core.windows.net/c?sv=2022&sig=[masked: signature]&se=2",
        ),
        ("https://ghtoken123abcDEF456@github.com/x", "https://[masked: api key]@github.com/x"),
        ("git clone https://x9f8e7d6c5b4a3@host/x", "git clone https://[masked: api key]@host/x"),
        ("postgres://bob:s3c/r3tpw@host/db", "postgres://bob:[masked: password]@host/db"),
        ("postgres://bob:s3c/r3tpw@host:5432/db", "postgres://bob:[masked: password]@host:5432/db"),
        (
            "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\nPublic-Lines:"
            " 2\nAAAAB3NzaC1yc2EAAAABJQAAAQEAiPVUpONjGeVrwgRPOqy3Ym6kF\nPrivate-Lines: 2"
            "\nAAABAQCAPVUpONjGeVrwgRPOqy3Ym6kF6f8bltnmjA2BM\nabcd1234==\nPrivate-MAC: 0"
            "123456789abcdef0123456789abcdef01234567\nend",
            "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\nPublic-Lines:"
            " 2\nAAAAB3NzaC1yc2EAAAABJQAAAQEAiPVUpONjGeVrwgRPOqy3Ym6kF\nPrivate-Lines: 2"
            "\n[masked: private key]\nPrivate-MAC: 0123456789abcdef0123456789abcdef01234"
            "567\nend",
        ),
        ("Moje hasło to tajne123", "Moje hasło to [masked: password]"),
        ("hasło: swordfish", "hasło: [masked: password]"),
        ("Мой пароль hunter2", "Мой пароль [masked: password]"),
        ("пароль: гусь123", "пароль: [masked: password]"),
        ("Пароль от вайфая: swordfish", "Пароль от вайфая: [masked: password]"),
        ("我的密码是hunter2", "我的密码是[masked: password]"),
        ("密码：hunter2", "密码：[masked: password]"),
        ("パスワードはhunter2です", "パスワードは[masked: password]です"),
        ("パスワード：hunter2", "パスワード：[masked: password]"),
        ("비밀번호는 hunter2 입니다", "비밀번호는 [masked: password] 입니다"),
        ("Il mio password è hunter2", "Il mio password è [masked: password]"),
        ("parola: hunter2", "parola: [masked: password]"),
    ],
)
def test_what_a_phrase_a_command_or_a_file_gives_away_is_masked(text: str, masked: str) -> None:
    assert mask(text).text == masked
    assert mask(masked).counts == {}


@pytest.mark.parametrize(
    "text",
    [
        "Boarding pass: LH1234",
        "ski pass: Saastal2025",
        "pass: Alpine2024 opens in May",
        "authorization: required",
        "CVC 500 funds",
        "security code 2023 edition",
        "My bus pass: Z1Z2Z3",
        "Eurail pass: 2025EU",
        "The mountain pass: Furka2429 is high",
        "I use a manager for my password",
        "I changed my password from the office to the laptop",
        "The seed phrase of a wallet has twelve words and must never be shared with anyone at all.",
        "My passphrase is long and secret.",
        "docker run -p 8080:80 -u root",
        "psql -p 5432",
        "https://ada@example.org",
        "mailto:bob@example.org",
        "https://medium.com/@ada/story",
        "ssh git@github.com:org/repo",
        "pw is short for power",
        "private key cryptography is fun",
        "I use Python as my language",
        "密码很长",
        "我忘记了密码",
        "Забыл пароль вчера",
        "пароль изменён",
        "Zapomniałem hasła.",
        "hasło jest za krótkie",
        "パスワードを忘れました",
        "비밀번호를 잊어버렸어요",
        "dates 2011/1111/1111/1111 no",
        "| password | required |",
        "| password | string | yes |",
        "password:\n  - at least 8 characters",
        "The CVC 200 model",
        "https://example.org/a?sig=1",
        "I like https://bsky.app/profile/@ada.example",
        "mysql -p mydb",
        "sig=hello",
        "cc 1234",
        "security code 2019 edition; building code 1234",
    ],
)
def test_tickets_roads_tables_and_talk_of_passwords_stay_as_they_are(text: str) -> None:
    assert mask(text).text == text


HOSTILE = [
    "curl -u " * 80_000,
    "mysql -p " * 70_000,
    "use a as my " * 55_000,
    "password from " * 45_000,
    "| password " * 60_000,
    "password:\n " * 55_000,
    "seed phrase " + "word " * 120_000,
    "passphrase is " * 45_000,
    "passphrase is " + "word " * 120_000,
    "密码" * 300_000,
    "private key " * 50_000,
    "Private-Lines: 2\n" * 40_000,
    "://a:b/" * 90_000,
    "1111\n" * 120_000,
    "4111/1111/" * 60_000,
    "pass: " * 100_000,
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_the_time_grows_with_the_length_of_the_text_alone(number: int) -> None:
    assert grows_linearly(lambda n: mask(HOSTILE[number][:n]), 20_000)
