"""A JSON value → the same without its secrets: in its strings, and under keys that name one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.rules.secrets.cards import is_card
from app.rules.secrets.mask import PLACEHOLDER, mask, placeholder
from app.rules.word_lists import word_set

_KEYS: Mapping[str, frozenset[str]] = {
    "pin": word_set("pin cardpin bankpin atmpin simpin userpin"),
    "security code": word_set("cvv cvc cvv2 cvc2 cardcvv cardcvc securitycode otp"),
    "api key": word_set("authorization bearer"),
    "card number": word_set("cardnumber ccnumber creditcard creditcardnumber pan"),
    "seed phrase": word_set("mnemonic seedphrase recoveryphrase seedwords"),
    "password": word_set("credential cred pass pw hasło пароль 密码 密碼 パスワード"),
}
_ENDS = (
    *((end, "password") for end in ("password", "passwd", "pwd", "passphrase", "passwort")),
    *((end, "password") for end in ("passcode", "kennwort", "contraseña", "motdepasse", "senha")),
    *((end, "password") for end in ("credential", "creds")),
    *((end, "private key") for end in ("privatekey",)),
    *((end, "api key") for end in ("apikey", "token", "secret", "secretkey", "accesskey")),
    *((end, "api key") for end in ("signingkey", "encryptionkey", "masterkey", "authkey")),
)
_PASS_OF = word_set(
    """
    account admin app auth basic client database db email ftp http imap key ldap login mail mongo
    my mysql pg postgres proxy redis root router server service sftp smtp ssh sudo user vpn wifi
    """
)
"""What a pass must be of, to be a password: "db_pass", unlike "boarding_pass"."""
_BESIDE = word_set(
    """
    user username login email host hostname url uri port type kind name id note hint description
    length expires expiresat expiresin createdat updatedat enabled algorithm scheme region service
    label version provider issuer scope
    """
)
"""What stands under "credentials" and the like and is no secret itself."""
_COUNTED = word_set("tokens inputtokens outputtokens maxtokens totaltokens")
"""Words of a text, not tokens of access."""
_WORDS = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LEAST_DIGITS_OF_A_KEY = 8


@dataclass(frozen=True, slots=True)
class MaskedJson:
    """A JSON value without its secrets, and how many of each kind were masked."""

    value: Any
    counts: Mapping[str, int]


def mask_json(value: Any) -> MaskedJson:
    """``value`` (as ``json.loads`` gives it) with every string in it masked, the keys too.

    What stands under a key such as "password", "apiKey" or "secrets" is masked whole, however deep:
    strings with anything in them, and numbers. A card number given as a number becomes a
    placeholder.
    """
    counts: Counter[str] = Counter()
    return MaskedJson(_masked(value, None, counts), dict(counts))


def _masked(value: Any, kind: str | None, counts: Counter[str]) -> Any:
    """``kind``: which secret the keys above announce, if they do."""
    if isinstance(value, str):
        if kind and value.strip() and not PLACEHOLDER.fullmatch(value):
            counts[kind] += 1
            return placeholder(kind)
        return _counted(value, counts)
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = kind if kind and _is_secret_number(value, kind) else None
        if isinstance(value, int) and is_card(str(value)):
            found = "card number"
        if found is None:
            return value
        counts[found] += 1
        return placeholder(found)
    if isinstance(value, list):
        return [_masked(item, kind, counts) for item in value]
    if isinstance(value, dict):
        masked: dict[str, Any] = {}
        for key, item in value.items():
            name = _counted(key, counts)
            # Two keys that become one placeholder must not swallow one another's values.
            free, n = name, 2
            while free in masked:
                free, n = f"{name} {n}", n + 1
            masked[free] = _masked(item, _kind_under(key, kind), counts)
        return masked
    return value


def _is_secret_number(value: float, kind: str) -> bool:
    """Keys and tokens are hardly numbers; a short one under such a name counts something."""
    return kind != "api key" or len(str(value)) >= _LEAST_DIGITS_OF_A_KEY


def _counted(text: str, counts: Counter[str]) -> str:
    masked = mask(text)
    counts.update(masked.counts)
    return masked.text


def _kind_under(key: str, above: str | None) -> str | None:
    """The kind of secret that ``key`` announces, or that it stands under."""
    words = [word.casefold() for part in _WORDS.findall(key) for word in _HUMP.split(part)]
    name = "".join(words)
    if name in _COUNTED:
        return None
    for spelling in (name, name.removesuffix("s")):
        for kind, names in _KEYS.items():
            if spelling in names:
                return kind
        for end, kind in _ENDS:
            if spelling.endswith(end):
                return kind
    if len(words) > 1 and words[-1] in ("pass", "pw") and words[-2] in _PASS_OF:
        return "password"
    return None if name in _BESIDE else above
