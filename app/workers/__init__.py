"""The queue's shell: Celery messages are doorbells, and each task is one call."""
