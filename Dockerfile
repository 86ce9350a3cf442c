# Builds the service by default, and the Terra sandbox with the sample app with "--target sandbox".

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund


FROM dependencies AS build
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY src src
COPY migrations migrations
RUN npm run build


FROM dependencies AS sandbox
COPY tsconfig.json ./
COPY sandbox sandbox
COPY sample-app sample-app
RUN npx tsc -p tsconfig.json
USER node
EXPOSE 3001 3002
CMD ["node", "dist/sandbox/main.js"]


FROM node:24-slim AS production-dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Omits optional packages. They are peers that the service does not use: a second HTTP platform, a compiler.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund && npm cache clean --force


FROM node:24-slim AS service
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY --from=production-dependencies /app/node_modules node_modules
COPY --from=build /app/dist/migrations dist/migrations
COPY --from=build /app/dist/src dist/src
# Root owns the files, so the service cannot change its own code.
USER node
EXPOSE 3000
# Checks liveness, not readiness: a restart of the service cannot make an unreachable database reachable.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MANAGEMENT_PORT || process.env.PORT || 3000) + '/health/live', { signal: AbortSignal.timeout(4000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
