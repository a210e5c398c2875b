"""Webhooks, from the outbox to a receiver that checks them."""
