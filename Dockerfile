# The Explorer's files, so that it works where the internet does not.
FROM node:20.20.2-bookworm-slim AS explorer
WORKDIR /explorer
COPY server/explorer/package.json server/explorer/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY server/explorer/build.mjs ./
RUN npm run build

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
# Modules first: this layer is built again only when one of them changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=explorer /explorer/dist server/explorer/dist
ARG VERSION=dev
# Without cgo the binary needs no C library, and the final image has none.
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /ringback ./server

# Certificates, time zones, a user that is not root, and nothing else: no shell, so `ringback health` is the
# health check.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /ringback /ringback
# The one folder that this user may write to, for a try without Postgres: it holds ./data.
WORKDIR /home/nonroot
# Inside a container, loopback would be reachable by nobody.
ENV RINGBACK_ADDR=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["/ringback"]
