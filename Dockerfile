# What the pages load, from the npm registry to our own origin
FROM docker.io/library/node:22-slim AS pages
WORKDIR /huifang
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm run --silent vendor

FROM docker.io/library/python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# ffmpeg reads recordings that are not WAV or FLAC; espeak-ng speaks in the simulated carrier
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg espeak-ng \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 huifang \
    && install -d -o huifang -g huifang /drop
WORKDIR /huifang
COPY requirements.lock ./
RUN pip install --require-hashes --requirement requirements.lock
COPY . .
COPY --from=pages /huifang/desk/static/vendor desk/static/vendor
RUN pip install --no-deps --no-build-isolation --editable . \
    && if [ -d desk/translations ]; then pybabel -q compile --directory=desk/translations; fi
USER huifang
CMD ["huifang", "--help"]
