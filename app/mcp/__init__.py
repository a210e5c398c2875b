"""The MCP server: the tools of app/mcp/tools over stdio and streamable HTTP."""
