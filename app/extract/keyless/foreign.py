"""Turn first-person statements in Spanish, German and French into third person; quote other
languages.

Only sentences that open with a verb we know are turned: a wrong verb form reads worse than a
quotation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from app.extract.keyless import importance as kinds
from app.extract.keyless.language import Language
from app.extract.keyless.sentences import MAX_SENTENCE_CHARS
from app.rules.injection.unread import UNREAD, looks_like_an_order
from app.rules.word_lists import word_map, word_set

_MIN_WORDS = 2
_MIN_LETTERS = 6
_SHORT_WORDS = 5
_FIRST_UNSPACED = 0x2E80
"""From here on in Unicode stand the scripts that put no spaces between words."""


@dataclass(frozen=True, slots=True)
class _Grammar:
    """``subject`` is what may stand before the verb ("ich "); ``verbs`` go from first to third
    person and ``rest`` from first-person words after the verb to third-person ones. ``hello`` opens
    sentences that say nothing. ``fronted`` is an adverb before subject and verb, which comes to
    stand behind them ("Jetzt wohne ich …" → "ich wohne jetzt …").
    """

    subject: re.Pattern[str]
    verbs: dict[str, str]
    rest: dict[str, str]
    hello: re.Pattern[str]
    fronted: re.Pattern[str] | None = None
    comma_joins: bool = False


_GRAMMARS: dict[Language, _Grammar] = {
    "es": _Grammar(
        re.compile(
            r"(?:(?:hola|bueno|pues|sí|claro|y|pero|además|también)\b[\s,.!¡]*){0,3}(?:yo )?"
            r"((?:(?:no|ya|nunca|también|siempre|ahora mismo|ahora|actualmente|hoy en día|antes"
            r"|normalmente),? ){0,3}(?:me )?)",
            re.IGNORECASE,
        ),
        word_map(
            "soy:es estoy:está tengo:tiene vivo:vive trabajo:trabaja quiero:quiere "
            "prefiero:prefiere necesito:necesita hablo:habla estudio:estudia voy:va hago:hace "
            "puedo:puede sé:sabe como:come bebo:bebe juego:juega leo:lee escribo:escribe "
            "compro:compra uso:usa odio:odia amo:ama pienso:piensa creo:cree espero:espera "
            "viajo:viaja nací:nació fui:fue tuve:tuvo hice:hizo compré:compró viví:vivió "
            "trabajé:trabajó estudié:estudió empecé:empezó dejé:dejó conocí:conoció vi:vio "
            "comí:comió he:ha había:había era:era tenía:tenía vivía:vivía trabajaba:trabajaba "
            "llamo:llama gusta:gusta gustan:gustan encanta:encanta encantan:encantan mudé:mudó "
            "casé:casó levanto:levanta siento:siente dedico:dedica acuesto:acuesta "
            "practico:practica toco:toca enseño:enseña conduzco:conduce planeo:planea pago:paga "
            "gano:gana peso:pesa mido:mide fumo:fuma corro:corre nado:nada cocino:cocina "
            "terminé:terminó"
        ),
        word_map(
            "mi:su mis:sus mí:sí conmigo:consigo nuestro:su nuestra:su nuestros:sus nuestras:sus "
            "me:se"
        ),
        re.compile(
            r"(?:hola|buenos días|buenas|gracias|muchas gracias|adiós|hasta luego|qué tal|de nada"
            r"|genial|vale)\b",
            re.I,
        ),
    ),
    "de": _Grammar(
        re.compile(
            r"(?:(?:hallo|hi|ja|also|und|aber|übrigens)\b[\s,.!]*){0,3}ich ()", re.IGNORECASE
        ),
        word_map(
            "bin:ist habe:hat hab:hat wohne:wohnt lebe:lebt arbeite:arbeitet mag:mag "
            "möchte:möchte will:will kann:kann muss:muss liebe:liebt hasse:hasst esse:isst "
            "trinke:trinkt spreche:spricht lerne:lernt studiere:studiert fahre:fährt gehe:geht "
            "spiele:spielt lese:liest schreibe:schreibt komme:kommt heiße:heißt werde:wird "
            "brauche:braucht nutze:nutzt verwende:verwendet benutze:benutzt kaufe:kauft "
            "reise:reist laufe:läuft schlafe:schläft plane:plant denke:denkt glaube:glaubt "
            "weiß:weiß bevorzuge:bevorzugt wünsche:wünscht war:war hatte:hatte wurde:wurde "
            "ging:ging zog:zog kam:kam wollte:wollte konnte:konnte musste:musste wohnte:wohnte "
            "arbeitete:arbeitete interessiere:interessiert freue:freut unterrichte:unterrichtet "
            "wiege:wiegt rauche:raucht koche:kocht schwimme:schwimmt höre:hört sammle:sammelt "
            "bekomme:bekommt treffe:trifft ziehe:zieht darf:darf soll:soll sollte:sollte "
            "würde:würde fliege:fliegt mache:macht machte:machte leide:leidet vertrage:verträgt"
        ),
        word_map(
            "mein:ihr meine:ihre meinen:ihren meinem:ihrem meiner:ihrer meines:ihres mich:sich "
            "mir:sich unser:ihr unsere:ihre unseren:ihren unserem:ihrem unserer:ihrer"
        ),
        re.compile(
            r"(?:hallo|guten (?:morgen|tag|abend)|danke|vielen dank|tschüss|bis bald|wie geht"
            r"|alles klar|super|toll)\b",
            re.I,
        ),
        re.compile(
            r"(?:(?:und|aber) )?(?P<lead>jetzt|nun|inzwischen|mittlerweile|momentan|derzeit|zurzeit"
            r"|aktuell|früher|normalerweise|meistens) (?P<verb>[^\W\d_]+) (?P<subject>ich )"
            r"(?!mich\b|mir\b)",
            re.I,
        ),
        comma_joins=True,
    ),
    "fr": _Grammar(
        re.compile(
            r"(?:(?:bonjour|salut|oui|et|mais|alors|moi)\b[\s,.!]*){0,3}(?:je |j')((?:ne "
            r"|n')?(?:me |m')?)",
            re.I,
        ),
        word_map(
            "suis:est ai:a habite:habite travaille:travaille aime:aime adore:adore "
            "déteste:déteste préfère:préfère veux:veut peux:peut dois:doit vais:va fais:fait "
            "viens:vient prends:prend parle:parle étudie:étudie apprends:apprend mange:mange "
            "bois:boit lis:lit écris:écrit joue:joue vis:vit pense:pense crois:croit sais:sait "
            "utilise:utilise achète:achète voyage:voyage cours:court dors:dort pars:part "
            "reste:reste cherche:cherche espère:espère appelle:appelle voudrais:voudrait "
            "étais:était avais:avait habitais:habitait travaillais:travaillait lève:lève "
            "enseigne:enseigne possède:possède nage:nage fume:fume cuisine:cuisine "
            "paie:paie connais:connaît rêve:rêve collectionne:collectionne conduis:conduit "
            "souhaite:souhaite compte:compte pèse:pèse mesure:mesure"
        ),
        word_map("mon:son ma:sa mes:ses moi:soi notre:leur nos:leurs me:se"),
        re.compile(
            r"(?:bonjour|salut|merci|bonsoir|au revoir|à bientôt|ça va|d'accord|super|génial"
            r"|de rien)\b",
            re.I,
        ),
        re.compile(
            r"(?:(?:et|mais) )?(?P<lead>maintenant|désormais|actuellement),? "
            r"(?P<subject>(?:je |j')(?:me |m')?)(?P<verb>[^\W\d_]+)",
            re.I,
        ),
    ),
}
_WORD = re.compile(r"[^\W\d_]+")
_JOINED = re.compile(
    r"(?P<joint>,|\b(?:y|e|pero|und|aber|et|mais),?) (?:yo |ich |je |j')?"
    r"(?P<small>(?:no |ya |también |auch |ne |n'|me |m'){0,3})(?P<verb>[^\W\d_]+)",
    re.IGNORECASE,
)
_STILL_FIRST = re.compile(
    r"\b(?:yo|ich|je|soy|estoy|tengo|quiero|prefiero|necesito|puedo|suis)\b|\bj'", re.IGNORECASE
)
_PRETERITE = re.compile(
    r"[,;] (?:(?:y|ya|no|ahora|luego|después|también|me) ){0,3}"
    r"(?!(?:sí|así|aquí|allí|ahí|qué|mí)\b)[^\W\d_]+[éí]\b",
    re.IGNORECASE,
)
"""A Spanish past of the first person whose third person we do not know: "…, crecí en Quito"."""
_CLAUSE = re.compile(r"[,;] ")
_MIN_CLAUSE_WORDS = 2
_COMPARING = "como"
"""After a comma it is rather "as" than "I eat"."""
_LIKED = word_set("gusta gustan encanta encantan")
"""Verbs whose subject is the liked thing: "a User le gusta …"."""
_KINDS: tuple[tuple[frozenset[str], float], ...] = (
    (
        word_set(
            "soy vivo trabajo llamo tengo estudio nací hablo mudé casé bin wohne lebe arbeite "
            "heiße habe studiere spreche leide vertrage suis habite travaille appelle ai étudie "
            "parle vis possède"
        ),
        kinds.IDENTITY,
    ),
    (
        word_set(
            "prefiero odio amo mag liebe hasse bevorzuge interessiere aime adore déteste préfère "
            "esse trinke como bebo mange bois juego toco spiele joue"
        ),
        kinds.PREFERENCE,
    ),
    (
        word_set(
            "quiero voy espero planeo necesito will möchte werde plane muss veux vais voudrais "
            "dois espère souhaite compte pars"
        ),
        kinds.PLAN,
    ),
)


class Statement(NamedTuple):
    """What a sentence says of its speaker: ``importance`` in [0, 1], and why it is quarantined, if
    it is."""

    text: str
    importance: float
    quarantine_reason: str | None = None


def foreign_statements(said: str, name: str, language: Language) -> list[Statement]:
    """Give a sentence of another language as statements that open with ``name``; none when it says
    nothing to keep.

    Clauses after a comma that have the speaker for a subject become statements of their own. Where
    a part cannot be turned, the whole sentence is quoted, and it is quarantined when no rule can
    read it and it looks like more than a statement.
    """
    said = said.strip()[:MAX_SENTENCE_CHARS].replace("\u2019", "'")
    grammar = _GRAMMARS.get(language)
    if grammar is not None:
        turned = [_turned(clause, name, grammar) for clause in _clauses(said, grammar)]
        whole = [statement for statement in turned if statement is not None]
        if len(whole) == len(turned):
            return whole
        if grammar.hello.match(said) and len(said.split()) < _SHORT_WORDS:
            return []
    letters = sum(1 for c in said if c.isalpha())
    spaced = all(ord(c) < _FIRST_UNSPACED for c in said)
    if letters < (_MIN_LETTERS if spaced else 3) or (spaced and len(said.split()) < _MIN_WORDS):
        return []
    quoted = said.replace('"', "'")
    held = UNREAD if language == "other" and looks_like_an_order(said) else None
    return [Statement(f'{name} said: "{quoted}"', kinds.EVENT, held)]


def _clauses(said: str, grammar: _Grammar) -> list[str]:
    """Split the sentence at the commas behind which the speaker is the subject again."""
    clauses: list[str] = []
    begin = 0
    for comma in _CLAUSE.finditer(said):
        if _opens(said[begin : comma.start()], grammar) and _opens(said[comma.end() :], grammar):
            clauses.append(f"{said[begin : comma.start()]}.")
            begin = comma.end()
    return [*clauses, said[begin:]]


def _opens(text: str, grammar: _Grammar) -> bool:
    """Whether ``text`` begins with a first-person verb that we know, or with words that lead to
    one.
    """
    text = _unfronted(text, grammar)
    subject = grammar.subject.match(text)
    verb = _WORD.match(text, subject.end()) if subject else None
    if subject is None or verb is None or (not subject.group() and verb.group() == _COMPARING):
        return False
    return verb.group().lower() in grammar.verbs


def _unfronted(said: str, grammar: _Grammar) -> str:
    found = grammar.fronted.match(said) if grammar.fronted else None
    if found is None:
        return said
    after = said[found.end() :]
    space = "" if after.startswith((" ", ".", ",")) else " "
    return f"{found['subject']}{found['verb']} {found['lead'].lower()}{space}{after}"


def _turned(said: str, name: str, grammar: _Grammar) -> Statement | None:
    said = _unfronted(said, grammar)
    subject = grammar.subject.match(said)
    verb = _WORD.match(said, subject.end()) if subject else None
    if len(said.split()) < _MIN_CLAUSE_WORDS:
        return None
    if subject is None or verb is None or verb.group().lower() not in grammar.verbs:
        return None
    low = verb.group().lower()
    after = _with_third_verbs(said[verb.end() :], grammar)
    after = _WORD.sub(lambda found: grammar.rest.get(found.group().lower(), found.group()), after)
    if _STILL_FIRST.search(after) or _PRETERITE.search(after):
        return None
    before = _before_verb(subject.group(1).lower(), grammar.verbs[low])
    if low in _LIKED:
        return Statement(f"{name}: {before.replace('se ', 'le ')}{low}{after}", kinds.PREFERENCE)
    return Statement(f"{name} {before}{grammar.verbs[low]}{after}", _importance(low))


def _with_third_verbs(text: str, grammar: _Grammar) -> str:
    """Verbs that "and" or "but" joins to the first one: "… und habe zwei Katzen" → "… und hat zwei
    Katzen".
    """

    def turned(found: re.Match[str]) -> str:
        third = grammar.verbs.get(found["verb"].lower())
        if third is None or (found["joint"] == "," and not grammar.comma_joins):
            return found.group()
        return f"{found['joint']} {_before_verb(found['small'].lower(), third)}{third}"

    return _JOINED.sub(turned, text)


def _before_verb(words: str, third: str) -> str:
    """The small words between subject and verb, with "me" turned into "se" and elided before vowels
    as French does.
    """
    words = re.sub(r"\bme\b", "se", words.replace(",", ""))
    words = re.sub(r"\bm'", "s'", words)
    starts_with_vowel = third[0] in "aeiouyhéêèà"
    if words.endswith("n'") and not starts_with_vowel:
        return f"{words[:-2]}ne "
    if words.endswith("ne ") and starts_with_vowel:
        return f"{words[:-3]}n'"
    return words


def _importance(verb: str) -> float:
    for verbs, importance in _KINDS:
        if verb in verbs:
            return importance
    return kinds.EVENT
