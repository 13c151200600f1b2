# docker build -t octopus-gateway . && docker run -p 8080:8080 -p 9090:9090 -v ./config.yaml:/etc/octopus/config.yaml:ro octopus-gateway
ARG NODE_IMAGE=node:22-alpine

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY .npmrc package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY scripts scripts
# A layer of its own: sources change more often than what they need.
RUN node scripts/image.mjs --fetch
COPY . .
RUN node scripts/image.mjs /app

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Octopus Gateway" \
      org.opencontainers.image.description="An API gateway that speaks FARP" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
ENV NODE_ENV=production
COPY --from=build /app /app
WORKDIR /app
# A number, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 10001:10001
EXPOSE 8080 9090
# The probe that orchestrators ask as well; OCTOPUS_HEALTH_URL where the configuration moves the port or the path.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "/app/health.mjs"]
ENTRYPOINT ["node", "/app/bin/octopus.js"]
CMD ["--config", "/etc/octopus/config.yaml"]
