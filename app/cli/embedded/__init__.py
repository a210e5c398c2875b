"""What `up` runs when it is given no address: Postgres, Redis, and the service's processes, under
one supervisor."""
