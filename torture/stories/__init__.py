"""The stories that clients tell beside the posters, a module for each subject."""

from torture.stories import conversations, groups, hooks, memories, people
from torture.stories.teller import STORIES, Refused, Story, Teller

__all__ = [
    "STORIES",
    "Refused",
    "Story",
    "Teller",
    "conversations",
    "groups",
    "hooks",
    "memories",
    "people",
]
