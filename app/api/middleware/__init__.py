"""What every request passes before a route: plain ASGI, one job a file."""
