"""Adapters that turn a transcript into facts."""
