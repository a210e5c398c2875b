"""Programs that use the service as its users do."""
