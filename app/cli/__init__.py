"""The operators' command line: smara-server."""
