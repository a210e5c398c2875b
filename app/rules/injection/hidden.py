"""Whether a text carries characters that a reader cannot see but a model reads.

Most invisible characters have honest work in some script: they join emoji, part the words of
Persian, choose the shape of an ideograph. Each is judged by where it stands and how often.
"""

from __future__ import annotations

import re

from app.rules.secrets.plain_view import UNSEEN

_JOINING = (
    "\u0590-\u08ff\u0900-\u109f\u1700-\u18af\u1b00-\u1cff\ua8e0-\ua8ff\ua980-\uaaff\ufb1d-\ufdff"
    "\ufe70-\ufefc\U00010a00-\U00010aff\U00011000-\U00011fff"
)
"""Scripts whose letters are joined or parted by U+200C and U+200D."""
_PICTURES = "\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_IDEOGRAPHS = "\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SELECTED = (
    f"#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139{_PICTURES}{_IDEOGRAPHS}"
    "\u1000-\u109f\u1800-\u18af\u2205-\u22ff\u3001\u3002\ua840-\ua87f\uaa60-\uaa7f\uff00-\uff60"
)
"""What may have two looks, of which a selector chooses one."""

_AT_ONCE = re.compile(
    # Commands of direction that turn the order of what is read.
    "[\u202d\u202e\u2066-\u2068"
    # Selectors that nothing has, tags' opening, and code points that are ignored and mean nothing.
    "\ufe03-\ufe0d\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff]"
    # Tag letters that are no flag's, or more of them than name a region.
    "|(?<!\U0001f3f4)(?<![\U000e0020-\U000e007e])[\U000e0020-\U000e007e]"
    "|[\U000e0020-\U000e007e]{7}"
    # No honest text has these in a row.
    "|[\ufe00-\ufe0f]{2}|[\U000e0100-\U000e01ef]{2}|[\u200c\u200d]{3}|\u034f{2}"
    f"|(?:(?![\U000e0020-\U000e007f])[{UNSEEN}]){{6}}"
)
_MOST: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile("[\u200b\u2060-\u2064\ufeff\u00ad\u034f\u206a-\u206f\ufff9-\ufffb]"), 3),
    (
        re.compile(
            "(?<![\u1800-\u180a\u1810-\u18af])[\u180b-\u180f]|(?<![\u1780-\u17ff])[\u17b4\u17b5]"
        ),
        1,
    ),
    # Joiners that join nothing, and selectors where there is nothing to select.
    (re.compile(f"(?<![{_JOINING}])\u200c|(?<![{_JOINING}{_PICTURES}\ufe0f])\u200d"), 1),
    (re.compile(f"(?<![{_SELECTED}])[\ufe00-\ufe02\ufe0e\ufe0f]"), 1),
    (re.compile(f"(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]"), 0),
    (re.compile("[\U000e0100-\U000e01ef]"), 8),
    # A filler stands for the missing half of an old Korean syllable.
    (
        re.compile(
            "(?<![\u1100-\u115e\u1161-\u11ff])[\u115f\u1160\u3164\uffa0](?![\u1100-\u115e\u1161-\u11ff])"
        ),
        1,
    ),
    # Icons of private fonts come one or two at a time.
    (re.compile("[\U000f0000-\U0010ffff]"), 2),
    (re.compile("[\ue000-\uf8ff]"), 3),
)
_INSIDE_WORDS = re.compile(f"(?<=[A-Za-z])[{UNSEEN}]+(?=[A-Za-z])")
_AFTER_A_LETTER = re.compile(r"(?<=[^\W\d_])\u200d")
_SOFT_HYPHEN = "\u00ad"
_BRAILLE_BLANK = "\u2800"
_BRAILLE = re.compile("[\u2801-\u28ff]")
_MOST_BLANKS = 3
_MOST_PARTED = 8
_LETTERS_PER_PART = 2


def hides(text: str) -> bool:
    """Whether ``text`` holds what a reader cannot see, beyond what its script needs."""
    if text.isascii():
        return False
    if _AT_ONCE.search(text):
        return True
    if any(len(pattern.findall(text)) > most for pattern, most in _MOST):
        return True
    if len(_INSIDE_WORDS.findall(text.replace(_SOFT_HYPHEN, ""))) > 1:
        return True
    blanks = text.count(_BRAILLE_BLANK)
    if blanks > _MOST_BLANKS and blanks > len(_BRAILLE.findall(text)):
        return True
    parted = text.count("\u200c") + len(_AFTER_A_LETTER.findall(text))
    # Persian parts one word in four or so; a joiner at every letter spells bits.
    return parted > _MOST_PARTED and parted * _LETTERS_PER_PART > sum(map(str.isalpha, text))
