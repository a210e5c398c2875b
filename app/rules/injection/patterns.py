"""How instructions to an agent read, in six languages. Texts are compared in lower case, without
accents, in plain characters.
"""

from __future__ import annotations

import re

_START = r"(?:^|[.!?:;,\n\"'>»)\]-]\s{0,3}|\b(?:and|also|please|then|user|said|y|und|et|e|bitte) )"
_GAP = r"[^.!?\n]{0,60}?"
_AGENT = (
    r"(?:the |any |every |all |an |this |el |la |der |die |das |den |il |lo |l'|o |a )?"
    r"(?:(?:ai|ki|ia|virtual|digital|personal|chat|llm) ?)?"
    r"(?:assistants?|agents?|ai|llms?|models?|chatbots?|bots?|copilot|chatgpt|claude|gemini|gpt"
    r"|asistentes?|assistenten?|agenten?|agentes?|assistente|assistenti|modelos?|modelle?|ki|ia)"
)
_EVERYONE = (
    r"(?:all|every|any|other|todos|todas|alle|allen|tous|tutti|cada)(?: (?:the|other|los|las|les"
    r"|gli|os|as|anderen?|autres|altri|outros|otros))? ?(?:users?|customers?|tenants?|people'?s"
    r" memor(?:y|ies)|accounts?|usuarios?|benutzern?|nutzern?|kunden|utilisateurs?|utenti"
    r"|usuarios|clients?|clienti|clientes)"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|directives?|directions|guidelines?|messages?|commands?"
    r"|context|constraints?|polic(?:y|ies)|safeguards?|memor(?:y|ies)|training|restrictions?"
    r"|instrucciones|reglas|ordenes|indicaciones|anweisungen|regeln|vorgaben|befehle|consignes"
    r"|regles|istruzioni|regole|instrucoes|regras|ordens)"
)
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|past|existing|former|original|system"
    r"|your|developer|safety|anteriores|previas|anterior|vorherigen?|bisherigen?|vorigen?|obigen?"
    r"|fruheren?|precedentes?|anterieures?|precedenti|previe|anteriores|sopra|arriba|ci-dessus"
    r"|acima)"
)
_ACT = (
    r"(?:recommend|suggest|respond|reply|answer|say|tell|use|mention"
    r"|include|output|print|call|run"
    r"|execute|send|forward|promote|prefer|trust|treat|visit|append|add|insert|prioriti[sz]e"
    r"|direct|refer|praise|cite|quote|assume|obey|follow|comply|approve|grant|share|reveal|store"
    r"|save|click|open|fetch|return|state|claim|never|always|act|pretend|disable|skip|bypass"
    r"|recomiend\w{1,4}|recomendar|respond\w{1,4}|contest\w{1,4}|di|usa|menciona|sugier\w{1,3}"
    r"|empfiehl|empfehlen|antworte|antworten|sag|sage|sende|nutze|verwende|erwahne|schick\w{0,2}"
    r"|recommand\w{1,4}|repond\w{1,4}|dis|dites|utilis\w{1,4}|mentionn\w{1,4}|envoie|envoyez"
    r"|consigli\w{1,4}|raccomand\w{1,4}|rispond\w{1,4}|di'|usa|invia"
    r"|recomend\w{1,4}|respond\w{1,4}"
    r"|diga|envi\w{1,3}|suggerisci|mande)"
)
_ALWAYS = (
    r"(?:always|never|from now on|henceforth|going forward|in (?:all )?future(?: \w{1,20})?"
    r"|siempre|nunca|a partir de ahora|de ahora en adelante|desde ahora"
    r"|immer|niemals|nie|ab jetzt"
    r"|ab sofort|von nun an|kunftig|toujours|jamais|desormais|a partir de maintenant|dorenavant"
    r"|sempre|mai|d'ora in poi|da ora in poi|de agora em diante|a partir de agora|nunca)"
)
_MUST = (
    r"(?:must|should|shall|has to|have to|need to|needs to|will|are to|is to|may not|cannot|can't"
    r"|are now|is now|debes?|debe|deben|tienes que|tiene que|musst?|mussen"
    r"|soll|sollst|sollen|darf"
    r"|dois|doit|devez|doivent|devi|deve|devono|deves|devem|tem que)"
)
LINK = r"https?://(?:(?!https?://)[^\s\"'<>]){1,300}"
"""A link up to the next one, so that a row of links is read once and not once from each."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


ANYWHERE: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "role_markup",
        _any(
            r"<[/|]{0,2} ?(?:\|?(?:im_start|im_end|system|assistant|developer|endoftext|eot_id"
            r"|start_header_id|begin_of_text|s|user|human|instructions?|memor(?:y|ies)"
            r"|start_of_turn|end_of_turn|sys|prompt|admin|important)\b)[^<>\n]{0,80}>",
            r"<<sys>>",
            r"\[/?inst\]",
            r"\[/?(?:system|assistant|developer|admin)(?: \w{1,20})?\]",
            r"(?:^|\n)[ \t>*#_]{0,6}(?:system|assistant|developer|human|ai)(?: (?:message|prompt"
            r"|note|override|instructions?))?[*_]{0,2} ?:",
            r"(?:said|says|writes|wrote): ?(?:system|developer)(?: \w{1,12})? ?:",
            r"[.!?] system ?:",
            r"(?:^|\s)#{2,4} ?(?:system|instructions?|assistant|response|human|new instructions?"
            r"|anweisung|instruccion(?:es)?)\b",
            r"(?:begin|end|start) (?:of )?(?:system|developer) (?:prompt|message|instructions?)",
        ),
    ),
    (
        "tool_markup",
        _any(
            r"[\"'](?:tool_calls?|tool_use_id|tool_result|tool_name|function_call|tool_choice"
            r"|jsonrpc)[\"'] ?:",
            r"[\"']type[\"'] ?: ?[\"'](?:tool_use|tool_result|function|function_call)[\"']",
            r"[\"']role[\"'] ?: ?[\"'](?:system|assistant|tool|developer|user)[\"']",
            r"[\"'](?:name|function|action|tool)[\"'] ?: ?[\"'][\w.-]{1,60}[\"'] ?, ?"
            r"[\"'](?:arguments|parameters|args|input|action_input)[\"'] ?:",
            r"</?(?:antml:)?(?:function_calls?|function_results?|invoke|tool_call|tool_calls"
            r"|tool_result|tool_response|tool_use|parameter|function|tool_code)\b[^<>\n]{0,80}>",
            r"\b(?:call|invoke|use|run|execute) the \w{0,40}_\w{1,40} (?:tool|function)",
        ),
    ),
    (
        "override",
        _any(
            rf"\b(?:ignore|disregard|forget|override|overwrite|bypass|dismiss|discard|neglect"
            rf"|do not follow|don't follow|stop following|pay no attention to)\b {_GAP}"
            rf"\b{_EARLIER}\b[^.!?\n]{{0,25}}?\b{_RULES}\b",
            rf"\b(?:ignore|disregard|forget|override)\b (?:all |everything |anything |whatever )+"
            rf"(?:of )?(?:the |that |you )?(?:\w{{1,12}} ){{0,3}}(?:above|before|{_RULES}|so far"
            r"|were told)\b",
            rf"\b(?:ignora|ignore|ignorad|ignorez|ignorier\w{{0,2}}|ignorate|olvida"
            rf"|oublie|oubliez"
            rf"|vergiss|vergessen sie|dimentica|esquece|esqueca|desconsidere|missachte"
            rf"|no hagas caso de|ne tiens pas compte des?) {_GAP}\b{_RULES}\b",
            r"\b(?:jailbreak|developer mode|dan mode|do anything now|god mode)\b",
            r"\b(?:new|updated|real|actual|secret|hidden) (?:system )?instructions?"
            r"(?: (?:for|to) (?:you|the \w{1,12}))? ?:",
            r"\byou are (?:now|no longer) (?:an?|in|the|bound|restricted|allowed|free|dan)\b",
            r"\b(?:you have|has) no (?:restrictions|rules|limits|guidelines)\b",
        ),
    ),
    (
        "prompt_leak",
        _any(
            rf"\b(?:reveal|print|show|output|repeat|display|leak|disclose|expose|dump|recite|give"
            rf"(?: me)?|send|tell(?: me)?|write out|copy) {_GAP}(?:system|hidden"
            rf"|initial|developer"
            rf"|secret|original|your|internal) (?:system )?(?:prompt|instructions|message"
            rf"|guidelines|configuration|api keys?)\b",
            rf"\b(?:muestra|imprime|revela|zeige?|gib|verrate?|nenne|affiche|revele|montre|donne"
            rf"|mostra|rivela|stampa|mostre|revele|imprima|dime) {_GAP}(?:prompt"
            rf"|instrucciones del"
            rf" sistema|systemanweisung\w{{0,2}}|instructions? systeme|istruzioni di sistema"
            rf"|instrucoes do sistema)\b",
        ),
    ),
    (
        "memory_order",
        _any(
            rf"\b(?:remember|store|save|memori[sz]e|note|record|write|apply|share|set|inject|copy"
            rf"|recuerda|guarda|almacena|merke?|speicher\w{{0,2}}|retiens|enregistre|memorisez?"
            rf"|ricorda|memorizza|salva|lembre|guarde|grave)\b {_GAP}\b(?:for|to|into|across|that"
            rf"|para|que|fur|bei|dass|pour|chez|per|che)\b {_GAP}\b{_EVERYONE}\b",
            r"\b(?:delete|erase|wipe|remove|clear|purge|drop|forget|destroy|overwrite|reset"
            r"|borra|elimina|losche?|vergiss|efface|effacez|supprimez?|cancella|apague|exclua"
            r"|apaga)\b (?:\w{1,12} ){0,3}?(?:all|every|everything|existing|stored|other|any"
            r"|todas|todos|alle|tous|toutes|tutti|tutte"
            r"|todas) (?:\w{1,12} ){0,3}?(?:memor\w{1,6}"
            r"|facts|records|data|notes|erinnerungen|souvenirs|recuerdos|ricordi|lembrancas"
            r"|fakten|datos|donnees|dati|dados)\b",
            rf"\b{_EVERYONE} (?:have|has|are|is|get|got|now have|must|should)\b {_GAP}\b(?:admin"
            r"\w{0,10}|root|rights|access|verified|permission\w?|privileges?)\b",
        ),
    ),
    (
        "secrecy",
        _any(
            r"\b(?:do not|don't|never|without) (?:\w{1,12} )?(?:tell|telling|inform|informing"
            r"|notify|notifying|mention|mentioning|reveal|revealing|alert|alerting|disclose"
            r"|disclosing|asking|warn|let) (?:\w{1,12} ){0,4}?(?:the user|user|to anyone"
            r"|the human|the customer|this (?:instruction|note|rule|memory))\b",
            r"\b(?:no (?:le )?(?:digas|menciones|informes)|sag\w? (?:es )?(?:dem|den) (?:benutzer"
            r"|nutzer)\w{0,2} nicht|ne (?:le )?(?:dis|dites|mentionne|revele)\w{0,2} (?:rien|pas)"
            r"|non (?:dire|rivelare|informare)|nao (?:diga|conte|informe|revele)) ?(?:\w{1,12} )"
            r"{0,4}?(?:usuario|l'utilisateur|a l'utilisateur|all'utente|l'utente|utente)?\b",
        ),
    ),
    (
        "link_order",
        _any(
            rf"{LINK}?(?:"
            r"\{\{?\w{0,30}\}?\}|\$\{?\w{1,30}"
            r"|<\w{1,30}>|%7b|\[\w{1,30}\]"
            r"|[?&](?:data|q|payload|d|exfil|leak|msg|text|secret|token|history"
            r"|memory|content|c)="
            r"(?:[\[{<$%]|$|\s|your|user))",
            r"!\[[^\[\]\n]{0,80}\]\(https?://[^)(\s?]{1,300}+\?",
            r"\b(?:send|post|upload|forward|submit|exfiltrate|append|leak|transmit|visit|fetch"
            r"|open|click|download|load|call|go to|navigate to|direct (?:them|users?|him|her)"
            r"|redirect|link to|envia|manda|abre|visita|sende|offne|besuche?|schick\w?|envoie"
            r"|envoyez|ouvre|visitez|invia|apri|envie|abra|acesse) [^.!?\n]{0,80}?https?://",
            rf"{LINK}+[^\n]{{0,40}}?\b(?:and|then) (?:follow|run|execute|obey|do what)\b",
        ),
    ),
    (
        "command",
        _any(
            r"\b(?:curl|wget)\b[^\n|]{1,300}\| ?(?:sudo )?(?:ba|z)?sh\b",
            r"\b(?:curl|wget) (?:-\w{1,10} ){0,4}[\"']?(?:https?://|\w{1,30}\.\w{2,10}/)",
            r"\brm -[rf]{1,3}\b",
            r"\bsudo (?:\w{2,20})\b",
            r"\b(?:powershell|cmd)(?:\.exe)? [-/]\w",
            r"\b(?:os\.system|subprocess\.\w{2,12}|child_process|eval|exec|__import__"
            r"|require)\(",
            r"\b(?:drop|truncate) table\b|\bdelete from \w{1,40}(?:;| where)|;--",
            r"<script\b|javascript:|\bon(?:error|load)=",
            r"\bbase64 (?:-d|--decode)\b|\bchmod \+?[\d+x]|/etc/passwd"
            r"|\bnc -[a-z]{1,4} |/dev/tcp/",
            r"(?:^|\n|: ?)import os\b",
        ),
    ),
)
"""(reason, pattern): what no statement about a person says, wherever it stands."""

ORDERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "standing_order",
        _any(
            rf"\b(?:when|whenever|if|each time|every time|anytime|once|cuando|si"
            rf"|wenn|falls|sobald"
            rf"|quand|lorsque|si|quando|se|sempre que) (?:ever )?(?:the |a |any |el |la |der |die"
            rf" |l'|o |un |le |lo |another )?(?:users?|customers?|someone|anyone|human|usuario"
            rf"|benutzer|nutzer|kunde|jemand|utilisateur|client|quelqu'un|utente|qualcuno|alguien"
            rf"|alguem|cliente|they) (?:\w{{1,12}} ){{0,2}}?(?:asks?|says?|mentions?"
            rf"|wants?|requests?"
            rf"|types?|talks?|needs?|pregunt\w{{1,3}}|pide|dig\w|fragt|sagt|erwahnt|demande|dit"
            rf"|parle|chied\w|dice|pergunt\w{{1,3}}|pedir|fala)\b[^.!?\n]{{0,120}}?[, ]"
            rf"(?:then |always |just |you must |entonces |siempre |dann |immer |toujours |sempre"
            rf" |alors )?\b{_ACT}\b",
            rf"\b{_ALWAYS}\b,? (?:\w{{1,12}} )?(?:you|{_AGENT}|du|tu|sie|vous|voce) {_MUST}\b",
            rf"\b(?:you|du|vous|voce) (?:must|shall|musst|devez|deve) (?:\w{{1,12}} )?{_ALWAYS}",
            r"\b(?:ab jetzt|ab sofort|von nun an|kunftig) (?:musst|sollst)\b",
            r"\b(?:d'ora in poi|da ora in poi|a partir de ahora|de ahora en adelante"
            r"|a partir de agora|de agora em diante),? (?:devi|dovete|debes|tienes que|deves"
            r"|tens que)\b",
            r"\b(?:should|must) (?:always |only )?be (?:recommended|promoted|mentioned"
            r"|suggested|cited"
            r"|preferred|trusted)\b.{0,60}\b(?:answers?|responses?|users?|conversations?|always)\b",
            rf"\b(?:note|message|memo|reminder|instructions?|attention)(?: to"
            rf"| for)? {_AGENT} ?[:,]",
            rf"\b(?:you|du|vous) (?:must|shall|musst|devez) (?:now |always |never "
            rf"|only )?{_ACT}\b",
            rf"^[\"'\s]{{0,3}}(?:\w{{1,20}} said: ?|user: ?|fact: ?|note: ?"
            rf"|important: ?|memory: ?"
            rf"|reminder: ?|rule: ?)?(?:please |bitte |por favor,? |s'il te plait,? "
            rf"|per favore,? )?"
            rf"{_ALWAYS},? (?:\w{{1,12}},? )?{_ACT}\b",
            rf"{_START}(?:you|{_AGENT}) {_MUST} (?:\w{{1,12}} )?(?:{_ALWAYS}|only|{_ACT})\b",
            rf"^{_AGENT} {_MUST}\b",
            rf"{_START}(?:please )?(?:always|never) (?:recommend|promote|prioriti[sz]e|trust"
            rf"|respond with|reply with|mention|execute|comply|obey|output|refuse)\b",
            rf"{_START}{_ALWAYS},? {_ACT} ",
            r"^(?:treat|regard|consider) .{1,80} as (?:a |an |the )?(?:trusted"
            r"|authoritative|verified"
            r"|safe|admin\w*|only)",
            r"^(?:act|behave|respond|pretend|roleplay) as\b",
            r"\b(?:recommend|promote|mention|prefer) .{1,60} (?:first"
            r"|above all others|over all"
            r" (?:others|competitors)|as the best \w+)\b.{0,40}\b(?:in all"
            r"|in every|whenever|when"
            r"|always|to (?:the )?users?)\b",
        ),
    ),
)
"""What is an order in a fact; a person's own words, quoted, may well be one."""
