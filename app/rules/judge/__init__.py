"""Decide what two statements are to each other, by reading them: no LLM, no database."""
