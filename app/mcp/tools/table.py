"""The table of tools that an LLM is offered, over MCP and as function definitions.

Models read the descriptions: each says when to call, what to write and what comes back.
"""

from __future__ import annotations

from app.mcp.tools import calls
from app.mcp.tools.tool import Input, Tool

_USER_ID = Input(
    "user_id",
    {
        "type": "string",
        "minLength": 1,
        "description": "Whose memories: the application's own id for the person. Always the same "
        "one for the same person; never invent one.",
    },
    required=True,
    default_from="user_id",
)
_FACT = Input(
    "fact",
    {
        "type": "string",
        "maxLength": 2000,
        "description": "One fact in one sentence that will be understood without the chat: "
        '"Prefers TypeScript for frontend work". Dates instead of "tomorrow", names instead of '
        '"it".',
    },
    required=True,
)
_IMPORTANCE_SCALE = (
    "0.8 to 1.0 for who someone is and what always holds, 0.4 to 0.7 for preferences and current "
    "work, 0.1 to 0.3 for what passes."
)
_IMPORTANCE = Input(
    "importance",
    {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": f"{_IMPORTANCE_SCALE} The more important, the slower it fades.",
    },
)
_NEW_IMPORTANCE = Input(
    "importance",
    {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": f"The new importance: {_IMPORTANCE_SCALE}",
    },
)
_QUESTION = Input(
    "q",
    {
        "type": "string",
        "description": 'What you want to know, in plain words: "preferred programming languages".',
    },
    required=True,
)
_MESSAGE_AT_HAND = Input(
    "q",
    {
        "type": "string",
        "description": "What the person just wrote or asked. Without it you get their strongest "
        "memories, whatever the topic.",
    },
)
_NAMESPACE = Input(
    "namespace",
    {
        "type": "string",
        "maxLength": 100,
        "description": 'A named part of the person\'s memories, such as "work". What is stored in '
        "one is found only there; leave it out unless you were told to use one.",
    },
    default_from="namespace",
)
_TEAM_ID = Input(
    "team_id",
    {
        "type": "string",
        "description": "The id of a team that the user is a member of. Leave it out unless you "
        "were given one.",
    },
    default_from="team_id",
)
_VISIBILITY = Input(
    "visibility",
    {
        "type": "string",
        "enum": ["private", "team"],
        "description": "With a team: `team` lets every member find it, `private` only this user. "
        "Without a team it has no effect.",
    },
)
_NEW_VISIBILITY = Input(
    "visibility",
    {
        "type": "string",
        "enum": ["private", "team"],
        "description": "`private`: only its author finds it. `team`: the memory's team does.",
    },
)
_LISTED_VISIBILITY = Input(
    "visibility",
    {
        "type": "string",
        "enum": ["private", "team"],
        "description": "Only memories of this visibility.",
    },
)
_INCLUDE_TEAM = Input(
    "include_team",
    {
        "type": "boolean",
        "description": "With a team: whether what the team shares is searched as well; true "
        "unless you say false.",
    },
)
_MEMORY_ID = Input(
    "id",
    {
        "type": "string",
        "minLength": 1,
        "description": "The memory's `id`, as a search or a list gave it.",
    },
    required=True,
    is_id=True,
)
_OFFSET = Input(
    "offset",
    {"type": "number", "default": 0, "description": "How many of the newest to pass over."},
)
_SOURCE_OF_THE_PROCESS = Input("source", {"type": "string"}, default_from="source", shown=False)
_SOURCE = Input(
    "source",
    {
        "type": "string",
        "maxLength": 50,
        "description": "A label for where the fact comes from.",
    },
    default_from="source",
)
_SEARCHED_SOURCE = Input(
    "source",
    {"type": "string", "maxLength": 50, "description": "Only memories with this source."},
)


def _count(name: str, most: int, default: int) -> Input:
    return Input(
        name,
        {
            "type": "number",
            "minimum": 1,
            "maximum": most,
            "default": default,
            "description": f"How many memories at most, 1 to {most}.",
        },
    )


_STORE = (
    "Remember one fact about a person for future conversations. Call it as soon as they tell you "
    "something that will still matter then: who they are, what they prefer or avoid, what they "
    "work on, a decision, a plan, a correction of what you knew. One call per fact. Never look "
    "for an older version first: a fact that is known already is not stored twice (`duplicate`), "
    "and one that contradicts a memory takes its place (`replaced`). Leave out small talk, what "
    "only matters in this chat, what you only suppose, and secrets such as passwords. Returns what "
    "was done and the memory's `id`."
)
_INGEST = (
    "Hand over a whole conversation, or the part since the last time, so that the service draws "
    "the facts from it by itself. Use it when a conversation ends or is about to be cut, or for "
    "an old transcript; for a single fact that you already know, store that instead. Give either "
    "`messages` or `transcript`. Returns at once; the memories can be found some seconds later. "
    "The same fact said twice is remembered once."
)
_SEARCH = (
    "Find the memories of a person that answer one specific question. Use it when you need a "
    "detail in the middle of a task, or a memory's `id` to change or delete it. To prepare an "
    "answer in general, fetch the context instead. Matches by meaning, so ask in plain words. "
    "Returns facts, best first, each with `id`, `score`, `importance` and `created_at`."
)
_CONTEXT = (
    "Get what is known about a person as one block of text, ready to be read before you answer. "
    "Call it at the start of every conversation, and again when the topic changes, with what "
    "they just wrote as `q`. Use what it says naturally and do not recite it. Returns `context` "
    "(numbered lines) and the same `memories` with their ids."
)
_UPDATE = (
    "Change how important a memory is, or who can see it. Give at least one of the two. It "
    "cannot change the words: when a fact has changed, store the new fact, which retires the old "
    "one."
)
_LIST = (
    "Page through a person's memories, newest first, without a question. Use it when they ask "
    "what you remember about them or want to clean up; to find something, search instead. Returns "
    "`memories` and the `total`."
)
_DELETE = (
    "Delete one memory for good. Only when the person asks for something to be forgotten, or when "
    "a memory is plainly wrong and nothing true replaces it. Get its id from a search or a list "
    "first."
)
_USAGE = "See how many memories are stored in this account and how many the plan allows."

STORE_MEMORY = Tool(
    "store_memory",
    "Store a memory",
    _STORE,
    (
        _USER_ID,
        _FACT,
        _IMPORTANCE,
        _SOURCE_OF_THE_PROCESS,
        _NAMESPACE,
        _VISIBILITY,
        _TEAM_ID,
    ),
    calls.store_memory,
)
SEARCH_MEMORIES = Tool(
    "search_memories",
    "Search memories",
    _SEARCH,
    (_USER_ID, _QUESTION, _count("limit", 50, 5), _NAMESPACE, _TEAM_ID, _INCLUDE_TEAM),
    calls.search_memories,
    reads_only=True,
)
GET_USER_CONTEXT = Tool(
    "get_user_context",
    "Get a user's context",
    _CONTEXT,
    (_USER_ID, _MESSAGE_AT_HAND, _count("top_n", 20, 5), _NAMESPACE, _TEAM_ID, _INCLUDE_TEAM),
    calls.get_context,
    reads_only=True,
)
UPDATE_MEMORY = Tool(
    "update_memory",
    "Update a memory",
    _UPDATE,
    (_MEMORY_ID, _NEW_VISIBILITY, _NEW_IMPORTANCE),
    calls.update_memory,
    destroys=True,
    one_of=("visibility", "importance"),
)
LIST_MEMORIES = Tool(
    "list_memories",
    "List memories",
    _LIST,
    (_USER_ID, _count("limit", 100, 20), _OFFSET, _NAMESPACE, _LISTED_VISIBILITY, _TEAM_ID),
    calls.list_memories,
    reads_only=True,
)
DELETE_MEMORY = Tool(
    "delete_memory",
    "Delete a memory",
    _DELETE,
    (_MEMORY_ID,),
    calls.delete_memory,
    destroys=True,
)
GET_USAGE = Tool("get_usage", "Get usage", _USAGE, (), calls.get_usage, reads_only=True)
INGEST_CONVERSATION = Tool(
    "ingest_conversation",
    "Ingest a conversation",
    _INGEST,
    (
        _USER_ID,
        Input(
            "messages",
            {
                "type": "array",
                "description": "The turns in order, as they were said.",
                "items": {
                    "type": "object",
                    "properties": {
                        "role": {"type": "string", "enum": ["user", "assistant", "system", "tool"]},
                        "content": {"type": "string"},
                        "name": {"type": "string", "description": "Who speaks, if several do."},
                    },
                    "required": ["role", "content"],
                },
            },
        ),
        Input(
            "transcript",
            {
                "type": "string",
                "description": 'Plain text instead of `messages`, a line each: "Name: words".',
            },
        ),
        Input(
            "user_speaker",
            {"type": "string", "description": "Which of the speakers is the user, by name."},
        ),
        _SOURCE_OF_THE_PROCESS,
        _NAMESPACE,
        Input(
            "occurred_at",
            {
                "type": "string",
                "description": "When it took place, ISO 8601; without it, now. Words such as "
                '"yesterday" count from here.',
            },
        ),
        Input(
            "instructions",
            {
                "type": "string",
                "maxLength": 4000,
                "description": "What to remember or to leave out, if the person asked for it.",
            },
        ),
        Input(
            "external_id",
            {
                "type": "string",
                "maxLength": 200,
                "description": "The application's own id for the conversation.",
            },
        ),
        Input(
            "metadata",
            {"type": "object", "description": "Fields to be copied onto each memory."},
        ),
        _VISIBILITY,
        _TEAM_ID,
    ),
    calls.ingest_conversation,
)

MCP_TOOLS = (
    STORE_MEMORY,
    SEARCH_MEMORIES,
    GET_USER_CONTEXT,
    UPDATE_MEMORY,
    LIST_MEMORIES,
    DELETE_MEMORY,
    GET_USAGE,
    INGEST_CONVERSATION,
)
"""The tools of the MCP server, over stdio and HTTP."""

FUNCTIONS = (
    Tool(
        "smara_store_memory",
        STORE_MEMORY.title,
        _STORE,
        (_USER_ID, _FACT, _IMPORTANCE, _SOURCE, _NAMESPACE),
        calls.store_memory,
    ),
    Tool(
        "smara_search_memories",
        SEARCH_MEMORIES.title,
        _SEARCH,
        (_USER_ID, _QUESTION, _count("limit", 50, 10), _SEARCHED_SOURCE, _NAMESPACE),
        calls.search_memories,
        reads_only=True,
    ),
    Tool(
        "smara_get_context",
        GET_USER_CONTEXT.title,
        _CONTEXT,
        (_USER_ID, _MESSAGE_AT_HAND, _count("top_n", 20, 5), _NAMESPACE),
        calls.get_context,
        reads_only=True,
    ),
    Tool(
        "smara_delete_memory",
        DELETE_MEMORY.title,
        _DELETE,
        (Input("memory_id", _MEMORY_ID.schema, required=True, sent_as="id", is_id=True),),
        calls.delete_memory,
        destroys=True,
    ),
    Tool("smara_get_usage", GET_USAGE.title, _USAGE, (), calls.get_usage, reads_only=True),
)
"""The functions for OpenAI and Anthropic clients, which POST /v1/openai/tool-call executes."""
