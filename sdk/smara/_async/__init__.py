"""The asynchronous client; smara/_sync is generated from here."""
