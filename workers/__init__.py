"""Celery tasks: prepare a job, dispatch its chunks, render them."""
