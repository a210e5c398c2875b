"""What secrets look like: tokens by their issuers' prefixes, and the words that announce one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.rules.word_lists import word_list, word_set


@dataclass(frozen=True, slots=True)
class Shape:
    """A secret known by its own form. ``hint`` stands in every text that holds one; group 1, or
    else the whole match, is the secret.
    """

    kind: str
    hint: str
    pattern: re.Pattern[str]


def _shape(kind: str, hint: str, pattern: str) -> Shape:
    """The hint must open the pattern, so that the search can leap from one to the next."""
    return Shape(kind, hint, re.compile(pattern))


def _token(hint: str, rest: str) -> Shape:
    """A token that begins with ``hint`` where no word is under way."""
    under_way = "A-Za-z0-9_-" if hint in ("sk-", "pa-") else "A-Za-z0-9_"
    behind = rf"(?<![{under_way}]{re.escape(hint)})"
    return _shape("api key", hint, re.escape(hint) + behind + rest)


_WORD = "[A-Za-z0-9]"
_SLUG = "[A-Za-z0-9_-]"

SHAPES = (
    *(_token(p, r"[A-Z0-9]{16}(?![A-Za-z0-9])") for p in ("AKIA", "ASIA", "ABIA", "ACCA")),
    *(_token(f"gh{c}_", rf"{_WORD}{{20,255}}+") for c in "pousr"),
    _token("github_pat_", r"\w{20,255}+"),
    *(
        _token(f"gl{p}-", rf"{_SLUG}{{20,300}}+")
        for p in ("pat", "dt", "rt", "cbt", "ptt", "soat", "agent", "imt", "oas", "ft")
    ),
    *(_token(f"xox{c}-", r"[A-Za-z0-9-]{10,250}+") for c in "abceoprs"),
    _token("xapp-", r"\d-[A-Za-z0-9-]{10,250}+"),
    _shape(
        "webhook url",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_+-]{20,200}+)",
    ),
    _shape(
        "webhook url",
        "/api/webhooks/",
        r"/api/webhooks/(?<=\.com/api/webhooks/)(\d{15,22}/[A-Za-z0-9_-]{30,120}+)",
    ),
    *(_token(f"{p}_{m}_", rf"{_WORD}{{10,250}}+") for p in ("sk", "rk") for m in ("live", "test")),
    _token("sk-", rf"(?:[a-z]{{1,10}}[0-9]{{0,2}}-){{0,3}}(?={_SLUG}{{0,40}}\d){_SLUG}{{20,300}}+"),
    _token("AIza", rf"{_SLUG}{{30,60}}+"),
    _token("ya29.", rf"{_SLUG}{{20,300}}+"),
    _token("GOCSPX-", rf"{_SLUG}{{20,60}}+"),
    _token("npm_", rf"{_WORD}{{30,60}}+"),
    _token("pypi-", rf"AgE{_SLUG}{{40,400}}+"),
    _token("hf_", rf"{_WORD}{{30,60}}+"),
    _token("SK", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    _token("SG.", rf"{_SLUG}{{16,40}}+\.{_SLUG}{{16,80}}+"),
    _token("key-", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    _token("smara_", rf"{_WORD}{{20,100}}+"),
    _token("whsec_", r"[A-Za-z0-9+/=_-]{16,200}+"),
    _token("xai-", rf"{_WORD}{{30,120}}+"),
    _token("gsk_", rf"{_WORD}{{30,120}}+"),
    _token("pplx-", rf"{_WORD}{{30,80}}+"),
    _token("r8_", rf"{_WORD}{{30,60}}+"),
    _token("pa-", rf"(?={_SLUG}{{0,40}}\d){_SLUG}{{40,80}}+"),
    _token("dop_v1_", r"[0-9a-f]{64}"),
    _token("dapi", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    *(_token(f"shp{c}_", r"[0-9a-fA-F]{32}") for c in ("at", "ss", "ca", "pa")),
    _token("lin_api_", rf"{_WORD}{{30,60}}+"),
    _token("ntn_", rf"{_WORD}{{30,60}}+"),
    _token("glsa_", r"\w{30,80}+"),
    _token("hvs.", rf"{_SLUG}{{20,200}}+"),
    _token("ATATT3", r"[A-Za-z0-9_=-]{40,300}+"),
    _token("AGE-SECRET-KEY-1", r"[A-Z0-9]{20,80}+"),
    # A Telegram bot's number is part of its token, but the colon is what a search can leap to.
    _shape(
        "api key",
        ":AA",
        rf":AA(?<=\d{{8}}:AA){_SLUG}{{30,40}}+",
    ),
    _shape(
        "signed token",
        "eyJ",
        rf"eyJ(?<!{_SLUG}eyJ){_SLUG}{{8,}}+\.{_SLUG}{{8,}}+(?:\.{_SLUG}*+)?",
    ),
    _shape(
        "private key",
        "-----BEGIN ",
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[\s>|\"'+,]|\\{1,4}[nrt])*+"
        r"(?:[A-Za-z0-9+/=]{16,}+|[A-Z][A-Za-z-]{3,20}:[ ][^\r\n\\\ue000]{1,200}))+"
        r"(?:(?:[\s>|\"'+,]|\\{1,4}[nrt])*+(?:(?=[A-Za-z+/=]*\d)[A-Za-z0-9+/=]{1,15}+"
        r"|[A-Za-z0-9+/=]{1,15}+(?=(?:[\s>|\"'+,]|\\{1,4}[nrt])*+(?:-----END|\Z))))?"
        r"(?:(?:[\s>|\"'+,]|\\{1,4}[nrt])*+-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?",
    ),
    # The user's name may be anything short; the last "@" before the host ends the password.
    _shape(
        "password",
        "://",
        r"://[^\s/@:\"'<>\ue000]{0,100}:([^\s/@\"'<>\ue000]{1,200}+(?:@[^\s/@\"'<>\ue000]{0,60}+"
        r"(?=@))?)@(?=[A-Za-z0-9\[])",
    ),
    _shape(
        "api key",
        "AccountKey=",
        r"AccountKey=([A-Za-z0-9+/=]{20,120}+)",
    ),
)

CUES = re.compile(
    r"(?P<header>authorization|bearer)"
    r"|(?P<password>pass[_ -]?(?:word|code|phrase|wort)|passwd|paswort|kennwort|contrase[ñn]a"
    r"|mot de passe|palavra-passe|wachtwoord)"
    r"|(?P<abroad>has[łl](?:o|em|a)|парол(?:ь|я|ем|е|ю)|passord|lösenord|adgangskode|salasana|heslo"
    r"|jelszó|şifre|parolă|parola|κωδικός πρόσβασης|סיסמה|סיסמא|كلمة (?:المرور|السر)|पासवर्ड"
    r"|mật khẩu|kata sandi|รหัสผ่าน)"
    r"|(?P<short>pwd|pw|pass|clave(?: de acceso)?|mdp|senha)"
    r"|(?P<key>key|schlüssel)"
    r"|(?P<token>token|secret|phpsessid|jsessionid)"
    r"|(?P<pin>pin(?:[ -]?(?:code|number|nummer))?)"
    r"|(?P<cvv>cvv2?|cvc2?|security code|card verification (?:code|value)|prüfziffer|prüfnummer"
    r"|sicherheitscode|c[oó]digo de seguridad|cryptogramme)"
    r"|(?P<code>otp|one[- ]time (?:code|password|passcode)|verification code|2fa code"
    r"|bestätigungscode|code de v[ée]rification|c[oó]digo de verificaci[oó]n)"
)
"""Words that announce a secret, in lower case. The name of the group says which."""

KEY_OF = word_list(
    """
    api access secret private signing encryption master
    auth account admin service license licence
    """
)
"""What a key must be of, to be a secret: "api_key", "secret access key", "API-Schlüssel"."""
TOKEN_OF = word_list("access auth refresh api bot id session csrf client app webhook consumer")
"""What may be written together with "token" and "secret"."""

_SMALL = (
    r"for|to|of|on|at|in|from|für|zum|zur|vom|von|meines|meiner|de|del|du|da|para|pour|des|la|el"
    r"|le|las|los|les|dem|der|das|do|od|na|dla|от|для|к|на|til|till|voor|per|del"
)
_WHOSE = rf"(?: (?:{_SMALL})(?: [^\s.,;:!?=\ue000]{{1,20}}){{1,4}}?)?"
ANNOUNCES = re.compile(
    r"(?![a-zäöüßñ])(?:"
    # password: x   "password": "x"   config["password"] = "x"   <password>x
    r"[\\\"'\]) *_]{0,6}(?: \([^()\n]{1,30}\))?"
    + _WHOSE
    + r"(?P<strong>\s{0,3}(?::=|=>|[:=>])[ \t]{0,3}[*_]{0,3}[ \t]?)"
    # password for the bank is x
    rf"|{_WHOSE}(?P<prose>['’]s\s|\s(?:is|was|are|ist|war|lautet|es|era|est|était|é|è|jest|je|это|er|är|este|είναι)"
    r"(?: (?:now|still|jetzt|ahora|maintenant|el))?[: ]\s?"
    r"|\s(?:will be|should be|set to|changed to) |,? c'est )"
    r"|\s(?P<moved>to|auf|as|with)\s"
    r"|(?P<bare>[ \t]{1,2}(?=[^\s:=]))"
    r")",
    re.IGNORECASE,
)
"""Stands behind a cue and ends where the value begins. ``strong``: it is assigned; ``prose``: it is
said; ``moved`` and ``bare``: it just follows. Every repetition is bounded.
"""
HEADER = re.compile(
    r"[\\\"']{0,3}\s{0,2}[:=,]?\s{0,2}[\\\"']{0,3}"
    r"(?:(?:bearer|basic|token|digest|apikey)\s{1,2})?+"
    r"([^\s\"'\\<>,;\ue000]{6,4000}+)",
    re.IGNORECASE,
)
BASE64_RUN = re.compile(r"[A-Za-z0-9/+]{40,}+")
"""An AWS secret key is one of exactly 40."""

NOT_A_PASSWORD = word_set(
    """
    a able about access account active actually admin again against all allowed almost already also
    always amazing an and annoying another any anything anymore anyway as ask at authentication
    awesome back bad based because been before being below best better blank both bot broken but by
    case changed changes city common completely complex compromised confidential correct could
    crazy damn default different difficult disabled done down easy either else empty encrypted
    enabled enough entropy even every everything everywhere exactly expired false field fields file
    fine first for forgotten from fun funny gone good got great guessable hacked hard hash hashed
    help here hers hidden hint his history horrible how however huge if important impossible in
    incorrect input insecure instead invalid issue issues its just kept key known leaked less like
    likely link lists long longer lost manager managers mandatory many maybe me mess mine missing
    more most much must my name necessary needed neither never new next nice no none nonsense not
    nothing now null number of off okay old on one online only open optional or other others ours
    out outdated over paper personal plain please policies policy possible predictable pretty
    private probably problem prompt protected protection public put quite random rather ready really
    recent recovery rejected remembered required reset resets right safe same saved secret secure
    security sent set setting settings shared sharing short should show silly similar simple since
    so some something somewhere soon still stolen stored str string strong stupid such sure taken
    temporary terrible text that the their theirs them then there these they thing things this those
    tips to today token tomorrow too tricky true type unchanged unclear undefined under unique
    unknown unsafe until up updated upper used useless user username valid value very visible was
    weak weird well were what when where which while who whose why will with without words working
    works worse worst would written wrong yes yesterday yet you your yours yourself
    falsch richtig sicher unsicher vergessen abgelaufen geheim schwach stark kurz lang gleich neu
    alt weg nicht noch schon immer wieder bekannt gesperrt geändert hier dort etwas leer nötig
    erforderlich verloren kaputt kompliziert einfach unbekannt korrekt notwendig
    incorrecta correcta segura insegura débil fuerte corta larga nueva vieja olvidada importante
    secreta privada pública fácil difícil obligatoria necesaria siempre nunca mejor inválida válida
    caducada distinta diferente igual muy demasiado esta este esto nuestra única perdida
    correcte oublié faible fort court nouveau ancien perdu expiré toujours jamais
    wymagane wymagany błędne błędny niepoprawne zapomniane zmienione słabe silne krótkie długie
    tajne nowe stare dobre vereist verkeerd vergeten fout goed onjuist richiesta richiesto errata
    sbagliata dimenticata dimenticato obrigatória esquecida fel glömt forkert glemt
    obligatoire requis nécessaire facile invalide valide trop très aussi différent
    identique compliqué changé connu inconnu celui celle
    """
)
