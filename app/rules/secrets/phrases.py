"""Secrets that whole phrases, commands and files give away, where no single word comes before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.rules.secrets.values import (
    CLAUSE_END,
    STAND_IN,
    has_both,
    is_dense,
    is_ordinary,
    is_strong,
)
from app.rules.word_lists import word_set

_CALLED = (
    r"(?:pass[_ -]?(?:word|code|phrase|wort)|passwd|pwd|kennwort|contrase[ñn]a|mot de passe|senha"
    r"|wachtwoord|has[łl]o|парол(?:ь|я|ем)|lösenord|heslo|şifre)"
)
_HINTS = "pass pwd kennwort contrase senha wachtwoord has парол lösenord heslo şifre"
_VALUE = r"[^\s\"'`<>|\ue000]{4,100}"
_SEED = (
    r"(?:(?:seed|recovery|backup|mnemonic|secret|wallet)[ _-]?(?:recovery )?(?:phrase|words?|seed"
    r"|mnemonic)|mnemonic|bip-?39|frase semilla|wiederherstellungsphrase|сид[- ]?фраза|助记词)"
)
_SEED_WORD = (
    r"(?:\d{1,2}[.):]?[ \t]{0,2})?(?!(?:the|and|has|are|was|for|not|with|from|but|its|were|which|of"
    r"|never|must|should|which)\b)[a-z]{3,8}(?![a-z'])"
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Groups of ``pattern`` hold the secrets, in a text in lower case. One of ``hints`` stands in
    every text that has one. ``sure``: the phrase is proof enough, whatever the words look like.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    sure: bool = True


def _phrase(kind: str, hints: str, pattern: str, *, sure: bool = True) -> _Phrase:
    return _Phrase(kind, tuple(hints.split()), re.compile(pattern), sure)


_PHRASES = (
    _phrase(
        "private key",
        "key",
        r"private[ _-]?key[^\w\n]{0,6}(?:(?:is|ist|es|est)[: ]{1,2})?[\"'`]?"
        r"((?:0x)?[0-9a-f]{64}(?![0-9a-f])|[5kl][1-9a-z]{50,51}(?![0-9a-z]))",
    ),
    _phrase("private key", "xprv", r"(?<![a-z0-9])(xprv[1-9a-z]{100,112})"),
    _phrase(
        "private key",
        "private-lines:",
        r"private-lines: \d{1,4}(?:\s|\\{1,4}[rn]){1,4}"
        r"((?:[a-z0-9+/=]{4,100}+(?![-:])(?:\s|\\{1,4}[rn]){0,4}){1,400}+)",
    ),
    _phrase(
        "password",
        "curl",
        r"\bcurl\b[^\n]{0,200}?\s(?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{1,60}:"
        r"([^\s\"'\ue000]{1,100})",
    ),
    _phrase(
        "password",
        "-p",
        r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n]{0,120}?\s-p[\"']?"
        r"([^\s\"'\ue000]{1,100})",
    ),
    _phrase("password", "sshpass", r"\bsshpass -p ?[\"']?([^\s\"'\ue000]{1,100})"),
    _phrase(
        "signature",
        "sig= signature=",
        r"[?&](?:sig|x-amz-signature|x-goog-signature)=([a-z0-9%+/_-]{20,600}+)",
    ),
    _phrase(
        "password",
        "://",
        r"://[^\s/@:\"'<>\ue000]{1,100}:((?!\d{1,5}/)[^\s/@\"'<>\ue000]{1,100}/[^\s@\"'<>\ue000]"
        r"{1,100})@(?=[a-z0-9\[])",
    ),
    _phrase(
        "password",
        _HINTS,
        rf"\bus(?:e|es|ed|ing) [\"'`]?({_VALUE}?)[\"'`]? as (?:my|the|a|his|her|their|our|your)"
        rf" (?:\w{{1,12}} ){{0,2}}?{_CALLED}\b(?! (?:manager|keeper|vault|generator|app|hint))",
        sure=False,
    ),
    _phrase(
        "password",
        _HINTS,
        rf"\b(?:benutze|verwende|nutze|uso|usa|utilise) [\"'`]?({_VALUE}?)[\"'`]? (?:als|como|comme"
        rf"|come) (?:\w{{1,12}} ){{0,2}}?{_CALLED}",
        sure=False,
    ),
    _phrase(
        "password",
        _HINTS,
        rf"{_CALLED} (?:\w{{1,12}} ){{0,3}}?(?:from|von|de) [\"'`]?({_VALUE}?)[\"'`]?"
        rf" (?:to|auf|zu|in|a|à|en) [\"'`]?({_VALUE})",
        sure=False,
    ),
    _phrase(
        "password",
        _HINTS,
        rf"\|[ \t]{{0,8}}\*{{0,2}}{_CALLED}\*{{0,2}}[ \t]{{0,20}}\|[ \t]{{0,20}}`?({_VALUE})`?"
        r"[ \t]{0,40}\|",
        sure=False,
    ),
    _phrase(
        "password",
        _HINTS,
        rf"{_CALLED}[\"'*]{{0,3}}[:=][ \t]{{0,3}}\r?\n[ \t]{{0,8}}[\"'`]?({_VALUE})[\"'`]?"
        r"[ \t]{0,3}(?=\r?\n|\Z)",
        sure=False,
    ),
    _phrase(
        "seed phrase",
        "seed recovery backup mnemonic secret wallet bip frase wiederh сид 助记词",
        rf"{_SEED}[^\w\n]{{0,4}}(?:(?:is|are|ist|lautet|es|est)[: ]{{1,2}}){{0,1}}[\s\"'`:]{{0,6}}"
        rf"({_SEED_WORD}(?:[\s,;|-]{{1,4}}{_SEED_WORD}){{11,23}})",
    ),
    _phrase(
        "password",
        "phrase",
        r"pass[_ -]?phrase(?: (?:is|was|ist|lautet|es|est)|[:=])[ \t]{1,2}[\"'`]?"
        r"([a-z]{2,15}(?:[ -][a-z]{2,15}){2,9}+)(?=[\"'`]?(?:[.,;!?\n]|\Z))",
        sure=False,
    ),
    _phrase(
        "password",
        "密码 密碼 口令 パスワード 暗証番号 비밀번호 암호",
        r"(?:密码|密碼|口令|パスワード|暗証番号|비밀번호|암호)"
        r"(?:是|为|為|就是|设为|設為|改成|改为|は|が|는|은|[ :=]){0,2}"
        r"[ ]?[\"'「『]?([!-&(-~]{4,100}+)",
        sure=False,
    ),
)
_HINT_SETS = {phrase.hints for phrase in _PHRASES}
_TYPES = word_set("varchar string text char bytes blob hash hashed integer number boolean object")
_URL_TOKEN = re.compile(r"https?://([A-Za-z0-9_-]{12,255})@(?=[A-Za-z0-9\[])")
_GOES_ON = re.compile(r"[\"'`]? (?:as|to|als|como|comme|come|auf|zu|a|à|en|in) |[ \t`]{0,40}\|")
"""The rest of the phrase that the word stands in."""
_END = ".,;:!?)]}\"'`"
_LEAST_LETTERS = 6
"""A word without digits or signs is taken for a password only if it is as long as this."""


def told(plain: str, lower: str) -> Iterator[tuple[int, int, str]]:
    """Find (start, stop, kind) of each such secret in ``plain``, whose lower-case form is
    ``lower``."""
    stands = {hints: any(hint in lower for hint in hints) for hints in _HINT_SETS}
    for phrase in _PHRASES:
        if not stands[phrase.hints]:
            continue
        for found in phrase.pattern.finditer(lower):
            for group in range(1, found.re.groups + 1):
                start, stop = found.span(group)
                value = plain[start:stop].rstrip(None if phrase.sure else _END)
                if not STAND_IN.match(value) and (phrase.sure or _is_password(plain, start, value)):
                    yield start, start + len(value), phrase.kind
    if "@" in plain and "://" in plain:
        for found in _URL_TOKEN.finditer(plain):
            if has_both(found[1]) and is_dense(found[1]):
                yield *found.span(1), "api key"


def _is_password(plain: str, start: int, value: str) -> bool:
    if " " in value:
        words = value.split()
        return 3 * sum(map(is_ordinary, words)) < len(words)
    if len(value) < 4 or value.casefold().split("(")[0] in _TYPES:
        return False
    if is_strong(value):
        return True
    bare = value.replace("-", "")
    if len(bare) < _LEAST_LETTERS or not bare.isalpha() or is_ordinary(value):
        return False
    stop = start + len(value)
    return bool(CLAUSE_END.match(plain, stop) or _GOES_ON.match(plain, stop))
