"""Turn English first person into third person: "I'm moving and my dog comes with me" → "User is
moving and their dog …"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.extract.keyless.verbs import (
    PARTICIPLES,
    PLURAL,
    is_adverb,
    is_past_or_modal,
    joins_as_verb,
    third_singular,
)
from app.rules.word_lists import word_set

_PIECE = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@\S+|[^\W\d_]+(?:['’][^\W\d_]+)?|\s+|.", re.DOTALL
)
_GENERIC_YOU = word_set(
    "if when whenever where how what before after once unless because that as until while"
)
_SLANG = {
    "dont": "don't",
    "doesnt": "doesn't",
    "cant": "can't",
    "wont": "won't",
    "didnt": "didn't",
    "havent": "haven't",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "'cause": "because",
    "cuz": "because",
}
_FIRST = re.compile(
    r"\b(?:I|i|my|me|mine|myself|we|our|ours|us|I['’]?m|I['’]ve|I['’]d|I['’]ll|i['’]m|im|ive"
    r"|i['’]ve|i['’]d|i['’]ll|we['’]re|we['’]ve|we['’]d|we['’]ll|My|Me|We|Our|MY|WE|OUR|ME)\b"
)


def has_first_person(text: str) -> bool:
    """Whether the speaker speaks of themselves in it."""
    return _FIRST.search(text) is not None


def possessive(name: str) -> str:
    """Give the name's genitive: "User's", "James'"."""
    return f"{name}'" if name.endswith(("s", "S")) else f"{name}'s"


def third_person(
    text: str, name: str, *, you: str | None, we: str | None = None, mentioned: bool = False
) -> str:
    """Give ``text`` with the speaker as ``name`` first and "they" afterwards, verbs agreeing;
    quoted speech stays as it is.

    ``you`` names the person spoken to (None leaves "you"); ``we`` names the company ("Ana and their
    kids"). ``mentioned`` says that the name is already before the text.
    """
    return _Rewriting(text, name, you, we, mentioned).run()


@dataclass(slots=True)
class _Rewriting:
    """One pass over the pieces of a sentence. ``singular_verb`` says that a present verb of the
    name may follow, ``verb_at`` where the last one stood.
    """

    text: str
    name: str
    you: str | None
    we: str | None
    mentioned: bool
    pieces: list[str] = field(default_factory=list)
    at: int = 0
    they_taken: bool = False
    in_quotes: bool = False
    singular_verb: bool = False
    verb_at: int = -9

    def run(self) -> str:
        self.pieces = _PIECE.findall(self.text)
        out: list[str] = []
        while self.at < len(self.pieces):
            out.append(self._next())
        return "".join(out)

    def _next(self) -> str:
        piece = self.pieces[self.at]
        self.at += 1
        if piece in '"“”„«»':
            self.in_quotes = piece in "“„«" or (piece == '"' and not self.in_quotes)
            return piece
        if self.in_quotes or not piece[0].isalpha():
            if piece in ".;:":
                self.singular_verb = False
            return piece
        word = piece.lower().replace("’", "'")
        if self._peek_raw() == "-" and self._peek_raw(1)[:1].isalpha():
            return piece  # "me-time", "my-side"
        if word == "i" and self._peek_raw() == "." and self._peek_raw(1).lower() == "e":
            return piece
        for handle in (self._as_i, self._as_mine, self._as_we, self._as_you):
            done = handle(word)
            if done is not None:
                return done
        return self._as_other(piece, word)

    # Subjects.

    def _as_i(self, word: str) -> str | None:
        head, _, tail = word.partition("'")
        if word in ("im", "ive"):
            head, tail = "i", word[1:]
        if head != "i" or tail not in ("", "m", "ve", "d", "ll"):
            return self._as_inverted(word)
        beside_another = self._ends_joint_subject()
        subject, plural = (self.name, True) if beside_another else self._subject()
        if tail == "m":
            return f"{subject} {'are' if plural else 'is'}"
        if tail == "ve":
            return f"{subject} {'have' if plural else 'has'}"
        if tail == "ll":
            return f"{subject} will"
        if tail == "d":
            return f"{subject} {'had' if self._next_is_participle() else 'would'}"
        return subject + self._verb_phrase(plural)

    def _as_inverted(self, word: str) -> str | None:
        if word not in ("am", "do", "have") or self._peek_word().lower() != "i":
            return None
        self._skip_to_word()
        self.at += 1
        subject, plural = self._subject()
        if plural:
            return f"{'are' if word == 'am' else word} {subject}"
        return f"{third_singular(word)} {subject}"

    def _subject(self) -> tuple[str, bool]:
        if self.mentioned and not self.they_taken:
            return "they", True
        self.mentioned = True
        return self.name, False

    def _verb_phrase(self, plural: bool) -> str:
        """The adverbs and the verb after a bare subject, agreeing with it."""
        out: list[str] = []
        for _ in range(10):
            if self.at >= len(self.pieces):
                break
            piece = self.pieces[self.at]
            low = piece.lower().replace("’", "'")
            if piece[0].isalpha() and not is_adverb(low):
                self.at += 1
                out.append(self._agree(piece, low, plural))
                break
            if piece in ".!?,;:—–-(" or piece in '"“”':
                break
            self.at += 1
            out.append(piece)
        return "".join(out)

    def _agree(self, piece: str, low: str, plural: bool) -> str:
        if plural:
            return PLURAL.get(low, _SLANG.get(low, piece))
        if low == "gotta":
            return "has got to"
        self.singular_verb = not is_past_or_modal(low) or low == "was"
        self.verb_at = self.at - 1
        return third_singular(piece)

    # The rest of the first person.

    def _as_mine(self, word: str) -> str | None:
        if word not in ("my", "mine", "me", "myself"):
            return None
        pronoun = {"my": "their", "mine": "theirs", "me": "them", "myself": "themselves"}[word]
        if word == "myself" or (self.mentioned and not self.they_taken):
            return pronoun
        self.mentioned = True
        return self.name if word == "me" else possessive(self.name)

    def _as_we(self, word: str) -> str | None:
        head, _, tail = word.partition("'")
        if head == "we" and tail in ("", "re", "ve", "d", "ll"):
            subject = self._company()
            if tail == "d":
                return f"{subject} {'had' if self._next_is_participle() else 'would'}"
            verb = {"re": " are", "ve": " have", "ll": " will"}.get(tail, "")
            return subject + verb
        if word in ("us", "our", "ours", "ourselves"):
            if word == "us":
                return "them" if self.they_taken and self.mentioned else self._company()
            if self.mentioned or word == "ourselves":
                return {"our": "their", "ours": "theirs"}.get(word, "themselves")
            self.mentioned = True
            return possessive(self.name)
        return None

    def _company(self) -> str:
        again = self.we is not None and self.mentioned and self.they_taken
        self.mentioned = self.they_taken = True
        if again or self.we is None:
            return "they" if again else f"{self.name} and others"
        return self.we

    def _as_you(self, word: str) -> str | None:
        head, _, tail = word.partition("'")
        if self.you is None or head not in ("you", "your", "yours", "yourself"):
            return None
        if head != "you":
            return self.you if head == "yourself" else possessive(self.you)
        if self._previous_word() in _GENERIC_YOU:
            return None
        verb = {"re": " is", "ve": " has", "d": " would", "ll": " will"}.get(tail)
        if verb is not None:
            return self.you + verb
        if self._peek_word().lower() in ("guys", "all"):
            return None
        before = self._previous_word()
        is_object = before in ("to", "for", "with", "of", "about", "from", "by", "and", "at", "on")
        return self.you if is_object else self.you + self._verb_after_you()

    def _verb_after_you(self) -> str:
        """After "you" comes its verb, unless "you" was an object ("I told you that …")."""
        low = self._peek_word().lower().replace("’", "'")
        changed = (
            third_singular(low)
            if low in ("are", "have", "do", "were", "aren't", "don't", "haven't")
            else None
        )
        if changed is None:
            return ""
        self._skip_to_word()
        self.at += 1
        return f" {changed}"

    def _as_other(self, piece: str, word: str) -> str:
        if self.singular_verb:
            if (
                word == "to"
                or is_past_or_modal(word)
                or word in ("who", "that", "which", "they", "we", "you")
            ):
                self.singular_verb = word == "was"
            elif self._previous_word() in (
                "and",
                "but",
                "or",
                "then",
                "also",
                ",",
            ) and joins_as_verb(word):
                return third_singular(piece)
            elif self._previous_word() in ("and", "or") and self.at - 5 == self.verb_at:
                return third_singular(piece)  # Right after the verb: "I cook and clean".
        elif word == "am" and self._previous_word() in ("and", "but", "who"):
            return "is"
        if word in ("they", "them", "their", "they're", "they've", "they'd", "they'll"):
            self.they_taken = True
        return _SLANG.get(word, piece)

    # Looking around.

    def _peek_raw(self, ahead: int = 0) -> str:
        return self.pieces[self.at + ahead] if self.at + ahead < len(self.pieces) else ""

    def _skip_to_word(self) -> None:
        while self.at < len(self.pieces) and self.pieces[self.at].isspace():
            self.at += 1

    def _peek_word(self) -> str:
        for ahead in range(2):
            if not self._peek_raw(ahead).isspace():
                return self._peek_raw(ahead)
        return ""

    def _previous_word(self) -> str:
        for back in range(self.at - 2, max(self.at - 5, -1), -1):
            if self.pieces[back][0].isalpha():
                return self.pieces[back].lower()
            if not self.pieces[back].isspace():
                return self.pieces[back]
        return ""

    def _ends_joint_subject(self) -> bool:
        """Whether "I" closes a subject of several ("my wife and I"), and does not open a clause of
        its own.
        """
        words: list[str] = []
        for back in range(self.at - 2, -1, -1):
            piece = self.pieces[back]
            if piece[0].isalpha():
                words.append(piece)
            elif not piece.isspace():
                break
            if len(words) > 5:
                return False
        if len(words) < 2 or words[0].lower() not in ("and", "or"):
            return False
        first = words[-1]
        return first.lower() in ("my", "the", "both", "our", "a") or (
            first[0].isupper() and len(words) == 2
        )

    def _next_is_participle(self) -> bool:
        for ahead in range(self.at, min(self.at + 6, len(self.pieces))):
            low = self.pieces[ahead].lower()
            if low.isspace() or is_adverb(low):
                continue
            return low in PARTICIPLES or (low.endswith("ed") and is_past_or_modal(low))
        return False
