"""Tenants: who is calling, what they may reach, and what they hold."""
