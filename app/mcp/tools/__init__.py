"""The tools that an LLM can call: one table, and the HTTP call behind each row."""
