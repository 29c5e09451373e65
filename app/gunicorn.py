"""Gunicorn's settings for the API: `gunicorn -c app/gunicorn.py`."""

from settings import settings
from wire import heap, logs

logs.configure("app")
heap.settle_heap()

wsgi_app = "app:create_app()"
bind = f"0.0.0.0:{settings().api_port}"
worker_class = "app.worker.Worker"
workers = 2  # one goes on answering while the other is started again
threads = 64  # for each worker: most wait, for a client or Redis; how long they may is bounded by app.pace
worker_connections = 500
backlog = 256
keepalive = 5
timeout = 30  # of a worker whose main loop hangs; requests have their own bounds
graceful_timeout = 8  # on TERM: answers under way are finished
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
