"""Wake-ups without a Redis, and workers that let themselves be watched."""

from __future__ import annotations

from pathlib import Path

from app.settings import Settings
from app.workers.celery import make_celery
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.process import Server, eventually
from tests.support.stack import IMPATIENT, Stack
from tests.system.pipeline.conftest import MakeStack, make_stack, redis

__all__ = ["make_stack", "redis"]


def test_without_a_redis_bells_are_files(
    workspace: Path, models: Path, make_database: MakeDatabase
) -> None:
    folder = workspace / "wakeups-in-files"
    stack = Stack(folder, make_database(LOCAL_MODEL), "filesystem://", models, **IMPATIENT)
    stack.start()
    try:
        client = stack.client()
        done = client.finished(client.post_conversation("ada", "I live in Lisbon."))
    finally:
        stack.stop()

    assert done["state"] == "done"
    assert (folder / "queue").is_dir()


def test_flower_can_watch_the_workers(make_stack: MakeStack, redis: tuple[Server, str]) -> None:
    stack = make_stack(SMARA_CELERY_EVENTS="true").start()
    celery = make_celery(Settings(redis_url=redis[1], celery_events=True))

    answers = eventually(lambda: celery.control.inspect(timeout=2).ping())
    client = stack.client()
    client.finished(client.post_conversation("ada", "The canary is named Pip."))

    assert [answer["ok"] for answer in answers.values()] == ["pong"]
    assert client.facts("ada") == ["The canary is named Pip."]
    assert stack.worker.process is not None
    assert stack.worker.process.poll() is None
    celery.close()
