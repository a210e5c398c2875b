"""The queue's shell: Celery messages are wake-ups, and each task is one call."""
