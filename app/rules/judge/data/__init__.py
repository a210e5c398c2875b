"""Reviewed word lists, as data: what each is for stands at its head."""
