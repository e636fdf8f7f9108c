# The gateway with its demo task:
#   docker build -t promptintern .
#   docker run -e PROMPTINTERN_CLIENT_KEY=... -p 127.0.0.1:8080:8080 promptintern
# It listens on every address of the container, and therefore refuses to start without a client key.
# Two stages: the first has the Swift toolchain, the second only the program and the libraries it loads.

FROM swift:6.3-bookworm AS build
WORKDIR /src
COPY scripts/install-packages.sh scripts/
RUN scripts/install-packages.sh
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
# The Swift runtime goes into the program, so that the second stage needs no toolchain.
RUN swift build -c release --static-swift-stdlib --product promptintern \
    && install -D -s .build/release/promptintern /out/promptintern

FROM debian:bookworm-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        ca-certificates curl libcurl4 libopenblas0-pthread libsqlite3-0 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /var/lib/promptintern promptintern
WORKDIR /opt/promptintern
COPY --from=build /out/promptintern /usr/local/bin/promptintern
COPY config ./config
USER promptintern
VOLUME /var/lib/promptintern
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD curl -fsS http://127.0.0.1:8080/health/live || exit 1
ENTRYPOINT ["promptintern"]
# The admin listener stays on the container's own loopback: docker exec reaches it, the network does not.
CMD ["serve", "--config", "config/gateway.yaml", "--listen", "0.0.0.0:8080", \
     "--admin-listen", "127.0.0.1:8081", "--ledger", "/var/lib/promptintern/ledger.sqlite"]
