"""What must be remembered after all that the clients did: pure functions over the ledger's deeds
and the rows of the database. Nothing here asks the service."""
