"""The MCP server: the tools of app/tools over stdio and streamable HTTP."""
