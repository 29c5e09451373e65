"""Celery's settings. Celery is the doorbell: the chunk table in Redis is the truth (docs/architecture.md)."""

from socket import TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL

from settings import settings

broker_url = settings().broker_url
broker_connection_retry_on_startup = True
broker_channel_error_retry = True  # without it every worker ends when a full broker refuses a write
broker_transport_options = {
    "visibility_timeout": 86_400,  # lost work is rung again by dispatch, elsewhere, long before
    "socket_timeout": settings().redis_timeout_s,  # without it apply_async hangs with a frozen Redis
    "socket_connect_timeout": settings().redis_timeout_s,
    "health_check_interval": 5,  # a worker whose link was cut asks anew after 11 s at most, not after 51
    "socket_keepalive": True,  # the same for connections on which nothing is waited for
    "socket_keepalive_options": {TCP_KEEPIDLE: 5, TCP_KEEPINTVL: 2, TCP_KEEPCNT: 3},  # s, s, times
}
task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True  # job and chunk state are kept by wire.jobs and wire.chunks
task_routes = {
    "workers.prepare": {"queue": "prepare"},
    "workers.dispatch": {"queue": "dispatch"},
    "workers.forget": {"queue": "dispatch"},
}
task_acks_late = True
worker_prefetch_multiplier = 1
worker_concurrency = 1  # a worker process owns one device; more work is more workers
worker_soft_shutdown_timeout = 8  # QUIT, as containers are stopped, lets the running chunk end
worker_proc_alive_timeout = 300  # a model may take long to load in a new pool process
worker_send_task_events = True  # Flower
task_send_sent_event = False  # it would cost as much again as half the message; Flower hears from the worker
worker_log_format = "%(asctime)s %(levelname)-7s worker %(message)s"
worker_task_log_format = worker_log_format
