"""The service's answers. Each can be read by attribute or as a mapping.

They are imported when the first answer is read: importing pydantic takes longer than everything
else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smara.models._base import Model
    from smara.models.account import (
        Access,
        AccessPage,
        Erased,
        Health,
        Installed,
        Key,
        KeyList,
        NewKey,
        Pipeline,
        Quota,
        Settings,
        Tools,
        Usage,
        Verified,
    )
    from smara.models.conversations import (
        Accepted,
        Conversation,
        ConversationPage,
        ConversationProblem,
        FactReceipt,
        Receipt,
        Reverted,
    )
    from smara.models.graph import Edge, Node, Related, Traversal
    from smara.models.memories import (
        BatchItem,
        BatchResult,
        Context,
        ContextAnswer,
        Deleted,
        Explanation,
        FoundMemory,
        HistoryEvent,
        Memory,
        MemoryDetail,
        MemoryPage,
        SearchAnswer,
        SearchResults,
        StoreResult,
        Version,
    )
    from smara.models.people import (
        Agent,
        AgentList,
        AgentMemories,
        AttachedSkill,
        Invitation,
        Member,
        Membership,
        Skill,
        SkillList,
        Team,
        TeamList,
    )
    from smara.models.webhooks import (
        Delivery,
        DeliveryPage,
        NewWebhook,
        Replayed,
        Webhook,
        WebhookList,
    )

__all__ = [
    "Accepted",
    "Access",
    "AccessPage",
    "Agent",
    "AgentList",
    "AgentMemories",
    "AttachedSkill",
    "BatchItem",
    "BatchResult",
    "Context",
    "ContextAnswer",
    "Conversation",
    "ConversationPage",
    "ConversationProblem",
    "Deleted",
    "Delivery",
    "DeliveryPage",
    "Edge",
    "Erased",
    "Explanation",
    "FactReceipt",
    "FoundMemory",
    "Health",
    "HistoryEvent",
    "Installed",
    "Invitation",
    "Key",
    "KeyList",
    "Member",
    "Membership",
    "Memory",
    "MemoryDetail",
    "MemoryPage",
    "Model",
    "NewKey",
    "NewWebhook",
    "Node",
    "Pipeline",
    "Quota",
    "Receipt",
    "Related",
    "Replayed",
    "Reverted",
    "SearchAnswer",
    "SearchResults",
    "Settings",
    "Skill",
    "SkillList",
    "StoreResult",
    "Team",
    "TeamList",
    "Tools",
    "Traversal",
    "Usage",
    "Verified",
    "Version",
    "Webhook",
    "WebhookList",
]

_MODULES = ("_base", "account", "conversations", "graph", "memories", "people", "webhooks")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = vars(import_module(f"{__name__}.{module}"))
            globals().update({each: found[each] for each in __all__ if each in found})
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
