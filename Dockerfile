# Builds the service by default, and the Terra sandbox with the sample app with "--target sandbox".

# .ci/run reads the version, and runs the tests on it.
FROM node:24.21.0-bookworm-slim AS node


FROM node AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY service/package.json service/
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


FROM node AS production-dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY service/package.json service/
# Omits optional packages. They are peers that the service does not use: a second HTTP platform, a compiler.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
# Removes what Node does not load: types, source maps, texts, the packages' own tests, and TypeORM's build for browsers.
# Two thirds of the size. Licences stay.
RUN find node_modules -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.md' \) -delete \
  && rm -rf node_modules/*/test node_modules/@*/*/test node_modules/typeorm/browser


FROM node AS service
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY ops/health-check.sh ops/health-check.sh
COPY --from=production-dependencies /app/node_modules node_modules
COPY --from=build /app/dist/migrations dist/migrations
COPY --from=build /app/dist/src dist/src
# Root owns the files, so the service cannot change its own code.
USER node
EXPOSE 3000
# Checks liveness, not readiness: a restart of the service cannot make an unreachable database reachable.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["bash", "ops/health-check.sh"]
CMD ["node", "dist/src/main.js"]
