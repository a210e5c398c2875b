"""The Celery shell: messages are wake-ups, and each task is one call."""
