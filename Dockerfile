# Two images: `light` for all that needs no torch, `gpu` for render workers.
#   docker build --target light .     docker build --target gpu .
# Not yet run: no Docker was at hand when this was written.
FROM python:3.11-slim-bookworm AS light
WORKDIR /srv/live
COPY constraints.txt requirements-light.txt requirements-nodeps.txt requirements.txt ./
RUN pip install --no-cache-dir -r requirements-light.txt \
    && pip install --no-cache-dir --no-deps -r requirements-nodeps.txt
COPY . .
# volumes that are mounted here take over the owner
RUN useradd --system live \
    && mkdir -p var/uploads var/avatars var/hls checkpoints \
    && chown -R live var
USER live
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

FROM light AS gpu
USER root
# at their first run Triton compiles its kernels, and a launcher for them in C; Python.h is in the image
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir -r requirements.txt
# in a folder that the user may write; `live` has no home
ENV TRITON_CACHE_DIR=/srv/live/var/triton
USER live
