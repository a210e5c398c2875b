"""Recall on real conversations, through the real service."""
