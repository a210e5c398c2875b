"""The memory service: remember what was said, recall what matters, forget on request."""
