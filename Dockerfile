# The files of the console and of the Explorer, so that they work where the internet does not.
FROM node:20.20.2-bookworm-slim AS pages
WORKDIR /pages
COPY package.json package-lock.json ./
COPY clients/package.json clients/
COPY console/package.json console/
COPY server/explorer/package.json server/explorer/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY console console
COPY server/explorer/build.mjs server/explorer/
RUN npm run bundle --workspace console && npm run build --workspace server/explorer

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
# Modules first: this layer is built again only when one of them changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=pages /pages/console/bundle console/bundle
COPY --from=pages /pages/server/explorer/dist server/explorer/dist
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
