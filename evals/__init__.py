"""Measure recall on real conversations, through the real service."""
