"""Adapters that turn texts into unit vectors."""
