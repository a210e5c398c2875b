"""What `up` runs when it was pointed at nothing: Postgres, Redis, and the processes, under one
supervisor."""
