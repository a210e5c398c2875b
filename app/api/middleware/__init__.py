"""What every request passes, in plain ASGI, one job each."""
