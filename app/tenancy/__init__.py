"""Tenants: who is calling, what they may reach, and how much they may store."""
