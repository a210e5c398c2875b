"""Orders put as a wish or a permission, and orders with "always" behind the verb, in Spanish,
Portuguese, French, Italian and German.
"""

from __future__ import annotations

import re

from app.rules.injection.indirect_orders import ADDRESS, FEW

_WISH = (
    r"\b(?:quier|quisier|dese|necesit|esper|prefier|pido|pide|pidi|gusta|encanta|autoriz|permit"
    r"|exij|exig|orden|acept|quero|quer\b|queri|gost|precis|prefir|prefer|peco|pede|pediu|veux"
    r"|veut|voudr|aimer|aime|souhait|besoin|demand|autoris|permet|adore|vogli|vuole|vorr|desider"
    r"|bisogno|chied|autorizz|permett|piac|spero|mocht|will\b|wunsch|brauch|hatte gern|bitt|erlaub"
    r"|ermachtig|gestatt|mag\b|mogen|bevorzug|verlang|lieb|soll\b|sollen|finde|puede|peut|puo"
    r"|pode|darf|kann)\w{0,6}"
)
_NOUN = (
    r"\b(?:(?:el|la|los|un|une?|le|l'|o|a|il|lo|der|die|den|dem|das|mi|mon|meu|mein\w?|su|son|seu"
    "|ihr"
    r") ?)?(?:asistente|assistente?n?|agente?n?|chatbots?|bots?|ia|ki|modelo|modele|modell|modello"
    r"|assistant|agent)\b"
)
_YOU = r"\b(?:tu|te|ti|vous|du|dich|dir|sie|voce|usted|ustedes|lei|t')(?!\w)"
_EVER = (
    r"\b(?:siempre|nunca|a partir de|de ahora|desde ahora|sempre|mai|d'ora|da ora|toujours|jamais"
    r"|desormais|dorenavant|a chaque|chaque|immer|niemals|nie|ab jetzt|ab sofort|von nun an"
    r"|kunftig|cada|todos|todo (?:el )?mundo|tout le monde|tous|toutes|tutti|ogni|jedem|jeder"
    r"|jede|jedes|allen|alle|todas|sin (?:preguntar|confirm|pedir|consult|verific)|sans (?:demand"
    r"|confirm|verif|poser)|senza (?:chieder|conferm|verific)|sem (?:pergunt|confirm|pedir|verific)"
    r"|ohne (?:zu fragen|nach|ruck|bestat|pruf|zustimm|vorher))\w{0,12}"
)
_DEED = (
    r"\b(?:re?com[ie]{0,2}end|recommand|raccomand|consigl|aconsej|conseill|empf[aei]|suger|sugier"
    r"|sugger|vorschl|mencion|mentionn|menzion|erwahn|nenn|nombr|promo|promuev|bewirb|bewerb|anprei"
    r"|elogi|vant|envi|envoi|envoy|invi|mand|schick|send|versend|reenvi|renvo|transf|transmet"
    "|inoltr"
    r"|encaminh|weiter(?:zu)?(?:leit|geb)|uber(?:zu)?weis|pag[auo]|pague|paye|zahl|bezahl|aprueb|aprob|aprov"
    r"|approuv|approv|genehmig|ejecut|execut|esegu|aus(?:zu)?fuhr|borr|elimin|supprim|effac"
    "|cancell"
    r"|apag|losch|salt|omit|uber(?:zu)?spring|revel|rivel|verrat|compr[aeo]|achet|kauf|priori[sz]|obede"
    r"|obbed|gehorch)\w{0,8}"
)
_ORDER = (
    r"(?:recomienda|recomiende|recomendad|recommandez?|raccomanda|consiglia|empfiehl|empfehlen sie"
    r"|recomende|recomenda|sugiere|suggere|suggerisci|suggerez?|menciona|mencione|mentionnez?"
    r"|menziona|erwahne?|nenne?|envia|envie|envoiez?|envoyez|invia|manda|mande|schicke?|sende"
    r"|reenvia|inoltra|encaminhe|transferez?|transfere|leite?|uberweise?|paga|pague|payez?|zahle?"
    r"|aprueba|approuvez?|approva|aprove|genehmige?|ejecuta|executez?|esegui|execute|borra"
    "|supprimez?"
    r"|cancella|apague|losche?|promociona|promeus|promuovi|promova|bewirb|vante|prioriza)"
)
_LEAD = (
    r"(?:^|[\"\n.!?:;]|(?<!\w)')\s{0,3}"
    r"(?:por favor,? |bitte |s'il (?:te|vous) plait,? |per favore,? )?"
)
_ANSWER = (
    r"(?:respond|contest|antwort|schreib|sprich|repond|ecri|parl|rispond|scriv|escrev|escrib|habl"
    r"|fal|answer|reply|write|speak)\w{0,4}"
)
_FORM = (
    r"(?:espan|ingl|franc|alem|ital|portug|deutsch|englisch|anglais|allemand|espagnol|english"
    r"|french|german|spanish|tedesc|spagnol|kurz|knapp|court|bref|brev|cort|breve|concis|idioma"
    r"|sprache|langue|lingua|hoflich|poli|educa|cortes|freundlich|amical|amabil|gentil|du\b|tu\b"
    r"|liste?n?|lista|stichpunkt|detall|detaill|dettagl|detalh|simpl|semplic|einfach|short|brief)"
)
WISH_FOR_FORM = re.compile(
    rf"said: [\"'](?:[\w,]{{1,12}} ){{0,3}}?{_ANSWER} (?:[\w,]{{1,12}} ){{0,3}}?{_FORM}\w{{0,9}}"
    r"(?: \w{1,9}){0,2}[.!]?[\"']?\Z"
)
"""Matches a quotation that says how to answer, and nothing else: "Siempre responde en francés"."""

_WAYS = (
    rf"{_WISH}{FEW}(?:"
    rf"(?:{_NOUN}|{_YOU}){FEW}(?:{_EVER}{FEW}{_DEED}|{_DEED}(?:{FEW}{_EVER}|[^\n]{{0,60}}?{ADDRESS}))"
    rf"|{_EVER}{FEW}(?:{_NOUN}|{_YOU}){FEW}{_DEED}"
    # Spanish and Portuguese verbs say "you" by their ending.
    rf"|\bque (?:(?:\w{{1,12}} )?{_EVER} (?:\w{{1,8}} )?{_DEED}(?<=[ae]s)\b"
    rf"|(?:\w{{1,8}} )?{_DEED}(?<=[ae]s)\b(?:{FEW}{_EVER}|[^\n]{{0,60}}?{ADDRESS})))",
    rf"{_LEAD}{_ORDER} {FEW}{_EVER}",
    rf"{_LEAD}{_ORDER} [^\n]{{0,80}}?{ADDRESS}",
)
WISHES_ABROAD = re.compile("|".join(f"(?:{way})" for way in _WAYS))
"""Matches what ``folded`` text wishes of an agent that it should not do unasked."""
