"""The Celery app and its settings. A message is a wake-up: it carries no data, and losing one costs
only time.

The settings follow what was measured of Celery 5.7 over Redis: no result backend, no Celery retry,
no countdown, since each of them keeps state in Redis. A child process may grow to 700 MB, since it
holds an embedding model. There is no soft shutdown on idle, since a worker with nothing to do has
nothing to give back.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from celery.signals import setup_logging

from app import logs
from app.settings import Settings
from app.startup import runtime
from app.workers.transport import Amqp

PROCESS_DUE = "app.workers.tasks.process_due"
QUEUE = "wakeups"
RESCUE = "app.workers.tasks.rescue"
PURGE = "app.workers.tasks.purge"


def make_celery(settings: Settings) -> Celery:
    """Build a Celery app on the broker of ``settings``."""
    app = Celery("smara", amqp=Amqp, broker=settings.redis_url)
    app.conf.update(
        result_backend=None,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=QUEUE,
        # Use the exchange without a name, whose queues need no bindings: a table of bindings in
        # Redis is one more thing that can be emptied, or refused when its memory is full.
        task_default_exchange="",
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        # Otherwise Celery would take fewer messages after a reconnect, one for each running task.
        worker_enable_prefetch_count_reduction=False,
        task_soft_time_limit=settings.soft_time_limit_seconds,
        task_time_limit=settings.hard_time_limit_seconds,
        worker_max_tasks_per_child=500,
        worker_max_memory_per_child=700_000,  # kB; with MiniLM it starts near 200,000.
        worker_proc_alive_timeout=30,
        worker_lost_wait=10,
        worker_soft_shutdown_timeout=20,
        worker_enable_soft_shutdown_on_idle=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_use_ssl=_ssl(settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_pool_limit=10,
        task_publish_retry=True,
        task_publish_retry_policy={
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
        },
        broker_transport_options=_transport_options(settings),
        worker_send_task_events=settings.celery_events,
        worker_enable_remote_control=settings.celery_events,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        beat_schedule={
            "rescue": {"task": RESCUE, "schedule": settings.rescue_seconds},
            "purge_expired": {"task": PURGE, "schedule": settings.purge_seconds},
        },
        beat_schedule_filename=str(settings.data_dir / "beat-schedule"),
        timezone="UTC",
    )
    return app


def _transport_options(settings: Settings) -> dict[str, Any]:
    scheme = urlsplit(settings.redis_url or "").scheme
    if scheme == "filesystem":
        folder = settings.data_dir / "queue"
        folder.mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder),
        }
    return {
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        "socket_keepalive": not scheme.endswith("socket"),
        "health_check_interval": 10,
        "global_keyprefix": "smara:",
        "priority_steps": [0],
    }


def _ssl(settings: Settings) -> dict[str, Any] | bool:
    """Give the TLS settings. Kombu trusts any certificate by default; here `ssl_cert_reqs` in the
    address decides."""
    url = urlsplit(settings.redis_url or "")
    if url.scheme != "rediss" or "ssl_cert_reqs" in parse_qs(url.query):
        return False
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED}


@setup_logging.connect  # type: ignore[untyped-decorator,unused-ignore]
def _set_up_logging(**_: object) -> None:
    logs.configure(runtime().settings)


celery = make_celery(runtime().settings)
