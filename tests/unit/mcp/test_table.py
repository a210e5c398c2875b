"""What the LLM is shown: the tools, their inputs, the instructions."""

from __future__ import annotations

from app.mcp.instructions import instructions
from app.mcp.tools.formats import for_anthropic, for_openai
from app.mcp.tools.table import FUNCTIONS, MCP_TOOLS
from app.mcp.tools.tool import Defaults, Tool, input_schema

DEFAULTS = Defaults(source="mcp")


def shown(tools: tuple[Tool, ...]) -> dict[str, tuple[list[str], list[str]]]:
    """By name: the inputs that are required, and the others."""
    found = {}
    for tool in tools:
        schema = input_schema(tool, DEFAULTS)
        optional = [name for name in schema["properties"] if name not in schema["required"]]
        found[tool.name] = (schema["required"], optional)
    return found


def test_the_tools_of_the_mcp_server_have_the_inputs_of_the_contract() -> None:
    assert shown(MCP_TOOLS) == {
        "store_memory": (
            ["user_id", "fact"],
            ["importance", "namespace", "visibility", "team_id"],
        ),
        "search_memories": (["user_id", "q"], ["limit", "namespace", "team_id", "include_team"]),
        "get_user_context": (["user_id"], ["q", "top_n", "namespace", "team_id", "include_team"]),
        "update_memory": (["id"], ["visibility", "importance"]),
        "list_memories": (
            ["user_id"],
            ["limit", "offset", "namespace", "visibility", "team_id"],
        ),
        "delete_memory": (["id"], []),
        "get_usage": ([], []),
        "ingest_conversation": (
            ["user_id"],
            [
                "messages",
                "transcript",
                "user_speaker",
                "namespace",
                "occurred_at",
                "instructions",
                "external_id",
                "metadata",
                "visibility",
                "team_id",
            ],
        ),
    }


def test_the_functions_have_the_arguments_of_the_contract() -> None:
    assert shown(FUNCTIONS) == {
        "smara_store_memory": (["user_id", "fact"], ["importance", "source", "namespace"]),
        "smara_search_memories": (["user_id", "q"], ["limit", "source", "namespace"]),
        "smara_get_context": (["user_id"], ["q", "top_n", "namespace"]),
        "smara_delete_memory": (["memory_id"], []),
        "smara_get_usage": ([], []),
    }


def test_numbers_say_their_range_and_default() -> None:
    tools = {tool.name: tool for tool in (*MCP_TOOLS, *FUNCTIONS)}

    def number(tool: str, name: str) -> tuple[float | None, float | None, float]:
        schema = input_schema(tools[tool], DEFAULTS)["properties"][name]
        return schema.get("minimum"), schema.get("maximum"), schema["default"]

    assert number("store_memory", "importance") == (0, 1, 0.5)
    assert number("search_memories", "limit") == (1, 50, 5)
    assert number("smara_search_memories", "limit") == (1, 50, 10)
    assert number("get_user_context", "top_n") == (1, 20, 5)
    assert number("list_memories", "limit") == (1, 100, 20)
    assert number("list_memories", "offset") == (None, None, 0)


def test_every_tool_and_every_input_is_described() -> None:
    for tool in (*MCP_TOOLS, *FUNCTIONS):
        assert len(tool.description) > 40, tool.name
        for each in tool.shown:
            assert len(each.schema["description"]) > 20, (tool.name, each.name)


def test_one_row_has_the_shapes_of_both_client_libraries() -> None:
    usage = FUNCTIONS[4]
    words = "See how many memories are stored in this account and how many the plan allows."
    schema = {"type": "object", "properties": {}, "required": []}

    assert for_openai(usage, DEFAULTS) == {
        "type": "function",
        "function": {"name": "smara_get_usage", "description": words, "parameters": schema},
    }
    assert for_anthropic(usage, DEFAULTS) == {
        "name": "smara_get_usage",
        "description": words,
        "input_schema": schema,
    }


def test_the_instructions_name_the_tools_and_follow_the_environment() -> None:
    text = instructions(DEFAULTS)
    names = {tool.name for tool in MCP_TOOLS}

    assert {name for name in names if name in text} == names - {"get_usage", "update_memory"}
    assert "Every call about a person needs their user_id." in text
    assert "You work in a team" not in text
    for_ada = instructions(Defaults(source="mcp", user_id="ada", team_id="t"))
    assert "The user is 'ada': leave user_id out" in for_ada
    assert "You work in a team" in for_ada
