"""Path parameters that may hold any text."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class AnyText(Convertor[str]):
    """What remains of the path, encoded slashes and line breaks too: ``{user_id:any}``."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


# Routes are compiled where they are declared, so the convertor is known before the first of them.
register_url_convertor("any", AnyText())

USER_ID = "{user_id:any}"
