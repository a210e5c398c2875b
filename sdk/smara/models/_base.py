"""The base of every answer: attributes, and the same fields as a mapping."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr


class Model(BaseModel):
    """An answer of the service: ``answer.id``, ``answer["id"]``, ``dict(answer)``.

    As an attribute a field that the service left out is None (or its default); as a mapping it is
    missing. Fields that this version does not know are kept, and can be read in both ways.
    """

    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())

    _etag: str | None = PrivateAttr(None)

    @property
    def etag(self) -> str | None:
        """The version that the service has shown with this answer, for an ``if_match``; None where
        it shows none, as in a list."""
        return self._etag

    def _mapping(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._names()}

    def _names(self) -> list[str]:
        sent = self.model_fields_set
        return [*(n for n in type(self).model_fields if n in sent), *(self.model_extra or ())]

    def __getitem__(self, name: str) -> Any:
        if name in self.model_fields_set:
            extra = self.model_extra or {}
            return extra[name] if name in extra else getattr(self, name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self.model_fields_set

    def __len__(self) -> int:
        return len(self.model_fields_set)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:  # type: ignore[override] # A mapping's names, not pairs.
        return iter(self._names())

    def keys(self) -> KeysView[str]:
        """Give the names of the fields that the service sent."""
        return self._mapping().keys()

    def values(self) -> ValuesView[Any]:
        """Give their values."""
        return self._mapping().values()

    def items(self) -> ItemsView[str, Any]:
        """Give names and values."""
        return self._mapping().items()

    def get(self, name: str, default: Any = None) -> Any:
        """Give a field, or ``default`` when the service did not send it."""
        try:
            return self[name]
        except KeyError:
            return default

    def to_dict(self) -> dict[str, Any]:
        """Give all fields as plain JSON types, inner answers too."""
        return self.model_dump(mode="json", exclude_unset=True)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping) and not isinstance(other, BaseModel):
            return self._mapping() == other or self.to_dict() == other
        if type(self) is not type(other):
            return False
        # What the service said, and not the version that a header has shown beside it.
        extra = getattr(other, "model_extra", None)
        return self.__dict__ == other.__dict__ and self.model_extra == extra

    __hash__ = None  # type: ignore[assignment] # Like any dict.

    def __str__(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)


Mapping.register(Model)
