"""Find the lines of a message that are a person's own prose: not code, logs, tables, quoted mail or
a pasted document."""

from __future__ import annotations

import re

from app.extract.keyless.sentences import MAX_MESSAGE_CHARS
from app.rules.pasted import pasted_spans

_FENCE = re.compile(r"[ \t]{0,40}(```|~~~)")
_MACHINE = re.compile(
    r"\s{0,40}(?:"
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d"  # A timestamp opens a log line.
    r"|\[?\d\d:\d\d:\d\d"
    r"|\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE|CRITICAL)\b[\]:\s]"
    r"|Traceback |File \"|at [\w.$<>]{1,200}\(|Caused by:"
    r"|[$#>%] ?\S|>>> |\+\+\+ |--- |@@ "
    r"|[{}\[\]<|]"
    r"|(?:from|import|def|class|const|let|var|function|public|private|SELECT|INSERT|UPDATE"
    r"|CREATE)\s[^.!?]{0,200}[({;=*]"
    r"|https?://\S{1,2000}\s{0,20}$"
    r"|\w{1,60}\s?[:=]\s?[\[{\"'\d]"
    r")"
)
_SERVED_CONTEXT = re.compile(r"\s{0,40}\[\d{1,4}\] \(importance: ")
_PASTE_CUE = re.compile(
    r"\b(?:below|following|this|these|here|log|logs|error|output|text|article|document|email"
    r"|e-mail|letter|draft|code|transcript|paragraph|essay|poem|message|summari[sz]e|translate"
    r"|proofread|rewrite|rephrase|review|explain|edit)\b",
    re.IGNORECASE,
)
_PASTE_ORDER = re.compile(
    r"\s{0,40}(?:(?:please|can you|could you|would you|now|help me|hi|hey"
    r"|hello),? ){0,3}(?:summari[sz]e|translate|proofread|rewrite|rephrase|review|explain|edit|fix"
    r"|correct|shorten|improve|analy[sz]e|convert|format|paraphrase|classify|extract)\b",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(
    r"\b(?:I|my|me|we|our|I'm|I've|ich|mein|meine|je|mon|ma|mi|yo)\b|\b[jJ]['’]"
)
LONG_PARAGRAPHS_CHARS = 1_500
"""A message longer than this that hardly says "I" is a document, not talk."""


def prose_spans(content: str) -> list[tuple[int, int]]:
    """Give (start, stop) of each line that is the writer's own prose. What follows a line such as
    "Summarize this:" is a paste, and so is a long text that hardly ever says "I"."""
    stop_reading = min(len(content), MAX_MESSAGE_CHARS)
    pasted = [span for span in pasted_spans(content[:stop_reading]) if span[0] > 0]
    spans: list[tuple[int, int]] = []
    start, fenced = 0, False
    while start < stop_reading:
        end = content.find("\n", start, stop_reading)
        end = stop_reading if end < 0 else end
        line = content[start:end]
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and not _is_machine(line):
            if line.strip() and not any(begin < end and start < stop for begin, stop in pasted):
                spans.append((start, end))
            if _opens_paste(line, content[end:stop_reading]):
                break
        start = end + 1
    return [] if _is_document(content, spans) else spans


def _is_machine(line: str) -> bool:
    head = line[:400]
    if _MACHINE.match(head) or _SERVED_CONTEXT.match(head):
        return True
    if head.startswith(("    ", "\t")) and re.search(r"[;{}()=]", head):
        return True
    marks = sum(
        1 for c in head if not (c.isalnum() or c.isspace() or ord(c) > 0x2000 or c in ".,!?'\"’-")
    )
    return len(head) > 12 and marks > 0.2 * len(head)


def _opens_paste(line: str, rest: str) -> bool:
    tail = line.rstrip()[-200:]
    if not tail.endswith(":") or not _PASTE_CUE.search(tail):
        return False
    if _PASTE_ORDER.match(line):
        return True
    after = rest.strip()
    # A short list after a colon is still the person speaking.
    return len(after) > 400 or not _FIRST_PERSON.search(after)


def _is_document(content: str, spans: list[tuple[int, int]]) -> bool:
    length = sum(stop - start for start, stop in spans)
    if length <= LONG_PARAGRAPHS_CHARS:
        return False
    said = sum(len(_FIRST_PERSON.findall(content, start, stop)) for start, stop in spans)
    # People who write about themselves say "I" or "my" about once in 60 characters; 400 is far from
    # it.
    return said < length / 400
