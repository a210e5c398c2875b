# One image for every part. The command chooses it: `up` by default, or api, worker, beat, migrate.
FROM python:3.11-slim AS build

WORKDIR /srv/smara
RUN python -m venv /opt/venv
COPY requirements.lock ./
# The lock pins every package by hash.
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
# docker build --build-arg PRESIDIO=1 adds 250 MB, for SMARA_PRESIDIO.
ARG PRESIDIO=
COPY requirements-presidio.lock ./
RUN test -z "$PRESIDIO" \
    || /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-presidio.lock
COPY pyproject.toml README.md LICENSE ./
COPY app ./app
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .


FROM python:3.11-slim

RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin smara \
    && install -d -o smara -g smara -m 0700 /data
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SMARA_DATA_DIR=/data

USER smara
WORKDIR /data
VOLUME /data
EXPOSE 3010
# Postgres stops cleanly only when it is given the time: run with `--stop-timeout 60`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '3010') + '/health', timeout=2)"]
CMD ["smara-server", "up"]
