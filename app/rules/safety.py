"""Recognise statements on which a person's safety hangs: allergies, medication, money, and the ways
to reach or impersonate them. Replacing one of these by mistake harms more than showing two."""

from __future__ import annotations

import re

_STEMS = {
    "health": r"al+[eé]rg|anaph[yi]la|epi-?pen|insulin|pacemaker|blood type|blutgruppe|"
    r"groupe sanguin|grupo sangu|medic|medik|médic|prescri|rezeptpflichtig|dosis|dosage|\bdose|"
    r"аллерг|лекарств|инсулин|过敏|過敏|药|薬|アレルギー|알레르기|حساسية",
    "money": r"\bbank|\bbanc|\biban\b|account number|routing number|sort code|kontonummer|"
    r"numéro de compte|número de cuenta|credit card|kreditkarte|wallet address|банк|счёт|"
    r"银行|銀行|은행|بنك",
    "access": r"pass(?:word|code|phrase|wort)|mot de passe|contraseña|senha|parola d'ordine|"
    r"\bpin\b|two-factor|2fa|recovery code|reset|парол|密码|パスワード|비밀번호",
    "contact": r"e-?mail|phone|telefon|téléphone|teléfono|emergency contact|notfallkontakt|"
    r"contact d'urgence|contacto de emergencia|телефон|почт|邮箱|电话|電話|전화|"
    r"[\w.+-]+@[\w-]+\.\w+|\+?\d[\d ()/.-]{7,}\d",
}
_SAFETY = re.compile("|".join(_STEMS.values()), re.IGNORECASE)


def is_safety(*texts: str) -> bool:
    """Tell whether one of the texts is about such a thing. In doubt it is: the worst that follows
    is that two statements stand beside each other until somebody has looked."""
    return any(_SAFETY.search(text) for text in texts)
