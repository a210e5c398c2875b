"""Webhooks: tell a tenant's own servers what has happened."""
