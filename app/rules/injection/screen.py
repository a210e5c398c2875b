"""Find facts that read as instructions to an agent instead of statements about a person.

Such a memory waits for a person's review. This screen sees wording only: it raises the cost of
planting an instruction, and is no wall.
"""

from __future__ import annotations

import base64
import binascii
import re

from app.rules.injection.abroad import is_unread, order_abroad
from app.rules.injection.hidden import hides
from app.rules.injection.indirect_orders import WISHES
from app.rules.injection.indirect_orders_abroad import WISH_FOR_FORM, WISHES_ABROAD
from app.rules.injection.patterns import ANYWHERE, ORDERS
from app.rules.injection.unread import UNREAD, looks_like_an_order
from app.rules.secrets.plain_view import folded

REASONS = (
    "hidden",
    "encoded",
    *(reason for reason, _ in ANYWHERE + ORDERS),
    UNREAD,
)
"""Every reason code, stable: receipts and counters keep them."""

_READ_CHARS = 8_000
"""A fact is at most 2,000 characters and a quote a sentence or two; what is longer is cut."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){16,}")
_LONG_BLOB = 80


def detect_injection(fact: str, quote: str = "") -> str | None:
    """Give the reason why a person should review the fact before it is served, or None.

    ``quote`` is checked too, but not for standing orders: a person may well tell the agent "always
    answer in French", as long as the fact says that they want it.
    """
    fact, quote = fact[:_READ_CHARS], quote[:_READ_CHARS]
    reason = _judged(fact, orders=True) or _judged(quote, orders=False)
    unread = reason is None and is_unread(folded(fact)) and looks_like_an_order(fact)
    return UNREAD if unread else reason


def _judged(text: str, *, orders: bool) -> str | None:
    if not text:
        return None
    plain = folded(text)
    if hides(text):
        return "hidden"
    reason = _wording(plain, orders=orders)
    if reason:
        return reason
    decoded = _decoded(text)
    if decoded is None:
        return None
    return _wording(folded(decoded), orders=True) or ("encoded" if _is_blob(text) else None)


def _wording(plain: str, *, orders: bool) -> str | None:
    orders = orders and not WISH_FOR_FORM.search(plain)
    for reason, pattern in ANYWHERE + ORDERS if orders else ANYWHERE:
        if pattern.search(plain):
            return reason
    if WISHES.search(plain) or WISHES_ABROAD.search(plain):
        return "standing_order"
    return order_abroad(plain)


def _decoded(text: str) -> str | None:
    """What the blobs in ``text`` say, one layer deep; "" for bytes that are no text; None without
    blobs.
    """
    found = False
    words: list[str] = []
    for pattern, decode in ((_HEX, _from_hex), (_BASE64, _from_base64)):
        for blob in pattern.finditer(text):
            found = True
            words.append(decode(blob[0]))
    return "\n".join(word for word in words if word) if found else None


def _from_hex(blob: str) -> str:
    digits = re.sub(r"[ :]", "", blob)
    return _as_text(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _from_base64(blob: str) -> str:
    plain = blob.rstrip("=").translate(str.maketrans("-_", "+/"))
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        return _as_text(base64.b64decode(plain + "=" * (-len(plain) % 4)))
    except binascii.Error:
        return ""


def _as_text(raw: bytes) -> str:
    text = raw.decode("utf-8", errors="replace")
    return text if sum(c.isprintable() and c != "\ufffd" for c in text) > 0.8 * len(text) else ""


def _is_blob(text: str) -> bool:
    """A run too long and too mixed to be a word, a name or the path of a link."""
    for pattern in (_HEX, _BASE64):
        for blob in pattern.finditer(text):
            run = blob[0]
            mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
            if len(run) >= _LONG_BLOB and mixed:
                return True
    return False
