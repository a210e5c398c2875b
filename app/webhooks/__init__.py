"""Telling a tenant's own servers what has happened, and nobody else's."""
