"""The paid providers: their clients, and what stands before each call."""
