"""Find personal data in texts with Microsoft Presidio, and replace it by its kind.

An extra: ``pip install '.[presidio]'``. It reduces what is kept and promises nothing: Presidio's
own documentation says that no detection finds everything. Patterns with checksums or libraries
behind them work in any language and without a model; names and places need a spaCy model, which the
operator chooses and installs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.concurrency import off_loop
from app.errors import ServiceError
from app.startup import runtime

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

SURE = 0.4
"""Presidio's results below this score are too uncertain: a bare number that may be a bank
account."""

_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
"""Presidio's own recognizer downloads the list of public suffixes; an address is recognised without
one."""


class RedactionMissing(ServiceError):
    """Redaction is switched on, and is not available here."""

    code = "redaction_missing"


async def redact(texts: list[str]) -> list[str]:
    """Replace personal data in the texts by "[redacted: email address]" and the like. Raises
    RedactionMissing."""
    engine = analyzer()
    return await off_loop(lambda: [_redacted(engine, text) for text in texts])


async def redact_json(value: dict[str, Any]) -> dict[str, Any]:
    """Replace personal data in every string of a JSON object; its keys stay as they are."""
    engine = analyzer()

    def walk(each: Any) -> Any:
        if isinstance(each, str):
            return _redacted(engine, each)
        if isinstance(each, dict):
            return {key: walk(member) for key, member in each.items()}
        return [walk(member) for member in each] if isinstance(each, list) else each

    redacted: dict[str, Any] = await off_loop(walk, value)
    return redacted


def _redacted(engine: AnalyzerEngine, text: str) -> str:
    found = engine.analyze(text, language="en", score_threshold=SURE)
    # Of findings that begin together the longest wins, and none may overlap the next.
    at, parts = 0, []
    for each in sorted(found, key=lambda result: (result.start, -result.end)):
        if each.start < at:
            continue
        kind = each.entity_type.lower().replace("_", " ").removesuffix(" code")
        parts += [text[at : each.start], f"[redacted: {kind}]"]
        at = each.end
    return "".join([*parts, text[at:]])


def analyzer() -> AnalyzerEngine:
    """Give the analyzer, built at the first use. Raises RedactionMissing."""
    return runtime().one(_analyzer)


def _analyzer() -> AnalyzerEngine:
    model = runtime().settings.presidio_model
    try:
        import presidio_analyzer as presidio
        from presidio_analyzer import nlp_engine
        from presidio_analyzer import predefined_recognizers as known
    except ImportError:
        raise RedactionMissing(
            "SMARA_PRESIDIO is on, and Presidio is not installed: pip install presidio-analyzer"
        ) from None
    recognizers: list[Any] = [
        presidio.PatternRecognizer(
            "EMAIL_ADDRESS", patterns=[presidio.Pattern("address", _EMAIL, 0.9)]
        ),
        known.PhoneRecognizer(),
        known.IbanRecognizer(),
        known.CreditCardRecognizer(),
        known.CryptoRecognizer(),
        known.IpRecognizer(),
        known.UsSsnRecognizer(),
    ]
    if model is None:
        engine: Any = nlp_engine.NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    else:
        engine = nlp_engine.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model}])
        recognizers.append(known.SpacyRecognizer())
    try:
        engine.load()
    except (OSError, SystemExit):
        raise RedactionMissing(f"The spaCy model {model!r} cannot be loaded here.") from None
    return presidio.AnalyzerEngine(
        registry=presidio.RecognizerRegistry(recognizers), nlp_engine=engine
    )
