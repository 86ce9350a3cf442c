import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../sandbox';
import { banner } from './banner';
import { startEmbeddedPostgres } from './embedded-postgres';
import { writeEnvFile } from './env-file';
import { hasCode, LauncherError, PortTakenError } from './launcher-error';
import { assertPortFree } from './ports';
import { readOrCreateSecret } from './secrets';
import type { Environment } from './node-program';
import { migrate, startService, waitUntilReady } from './service';
import { loadEnvFile, loadSecretFiles, readSettings, type Settings } from './settings';
import { StopList } from './stop-list';
import { StopRequest } from './stop-request';
import { startSampleApp } from '../sample-app';

const LOOPBACK = '127.0.0.1';
// Connections of the sandbox do not exist at Terra, so the two use different databases.
const databaseNameFor = ({ hasTerraAccount }: Settings): string =>
  hasTerraAccount ? 'terra_connect' : 'terra_connect_sandbox';

/** Starts what the environment does not provide, then the service. Adds each started part to the stop list at once. */
class Launcher {
  private readonly apiKey: string;

  constructor(
    private readonly settings: Settings,
    private readonly started: StopList,
    private readonly stop: StopRequest,
  ) {
    this.apiKey =
      settings.apiKey ?? this.secret('api-key', () => `tc_${randomBytes(32).toString('base64url')}`);
  }

  async run(): Promise<string> {
    const { settings } = this;
    await this.assertPortsFree();
    const databaseUrl = settings.databaseUrl ?? (await this.startDatabase());
    const sandbox = settings.hasTerraAccount ? undefined : await this.startTerraSandbox();
    const sampleApp = await this.startSampleApp();
    this.stop.signal.throwIfAborted();

    const environment: Environment = {
      ...process.env,
      DATABASE_URL: databaseUrl,
      // It belongs to the DATABASE_URL of the environment, not to an embedded database.
      ...(settings.databaseUrl ? {} : { DATABASE_MIGRATION_URL: '' }),
      PORT: String(settings.port),
      PUBLIC_URL: settings.publicUrl,
      RETURN_URLS: [settings.returnUrls, `${sampleApp.url}/`].filter(Boolean).join(','),
      BOOTSTRAP_API_KEY: this.apiKey,
      // Ctrl-C must be quick, and no load balancer is here.
      SHUTDOWN_DRAIN_SECONDS: process.env.SHUTDOWN_DRAIN_SECONDS || '0',
      WORKERS_ENABLED: process.env.WORKERS_ENABLED || 'true',
      // A receiver on this machine, so that webhooks can be tried.
      OUTBOUND_ALLOW_PRIVATE: process.env.OUTBOUND_ALLOW_PRIVATE || 'true',
      ...sandbox?.variables,
    };
    await migrate(environment, this.stop.signal);
    await this.startService(environment);
    return banner({
      settings,
      sampleAppUrl: sampleApp.url,
      sandboxUrl: sandbox?.url,
      envFile: this.writeEnvFile(environment, sandbox?.url),
      generatedApiKey: settings.apiKey ? undefined : this.apiKey,
    });
  }

  /** For the commands of the documentation, which the user runs in another terminal. */
  private writeEnvFile(environment: Environment, sandboxUrl: string | undefined): string {
    const { dataDir, port, sampleAppPort } = this.settings;
    const file = join(dataDir, 'env');
    this.started.add('the file of variables', () => Promise.resolve(rmSync(file, { force: true })));
    writeEnvFile(file, environment, {
      API_KEY: this.apiKey,
      SERVICE_URL: `http://localhost:${port}`,
      SAMPLE_APP_URL: `http://localhost:${sampleAppPort}`,
      SANDBOX_URL: sandboxUrl,
    });
    return file;
  }

  private secret(name: string, create: () => string): string {
    return readOrCreateSecret(join(this.settings.dataDir, 'secrets', name), create);
  }

  private async assertPortsFree(): Promise<void> {
    const { port, managementPort, sandboxPort, sampleAppPort, hasTerraAccount } = this.settings;
    await assertPortFree(port, 'the service', 'PORT');
    if (managementPort !== port) await assertPortFree(managementPort, 'the service', 'MANAGEMENT_PORT');
    if (!hasTerraAccount) await assertPortFree(sandboxPort, 'the Terra sandbox', 'SANDBOX_PORT');
    await assertPortFree(sampleAppPort, 'the sample app', 'SAMPLE_APP_PORT');
  }

  private async startDatabase(): Promise<string> {
    const { dataDir, postgresPort } = this.settings;
    const postgres = await startEmbeddedPostgres({
      dataDir: join(dataDir, 'postgres'),
      port: postgresPort,
      durable: true,
    });
    this.started.add('the embedded PostgreSQL', () => postgres.stop());
    this.stopWhenEnded('The embedded PostgreSQL', postgres.exited);
    await postgres.ensureDatabase(databaseNameFor(this.settings));
    return postgres.url(databaseNameFor(this.settings));
  }

  private async startTerraSandbox(): Promise<{ url: string; variables: Environment }> {
    const { sandboxPort, port } = this.settings;
    const devId = this.secret('terra-dev-id', () => `sandbox-${randomBytes(6).toString('hex')}`);
    const apiKey = this.secret('terra-api-key', () => randomBytes(24).toString('base64url'));
    const signingSecret = this.secret('terra-signing-secret', () => randomBytes(24).toString('hex'));
    const url = `http://localhost:${sandboxPort}`;
    const sandbox = await withPortError(sandboxPort, 'the Terra sandbox', 'SANDBOX_PORT', () =>
      startSandbox({
        port: sandboxPort,
        host: LOOPBACK,
        publicUrl: url,
        devId,
        apiKey,
        signingSecret,
        webhookUrl: `http://${LOOPBACK}:${port}/webhooks/terra`,
        behaviour: { dataAfterConnect: true },
      }),
    );
    this.started.add('the Terra sandbox', () => sandbox.close());
    return {
      url,
      variables: {
        TERRA_DEV_ID: devId,
        TERRA_API_KEY: apiKey,
        TERRA_SIGNING_SECRETS: signingSecret,
        TERRA_API_URL: sandbox.apiUrl,
        TERRA_WIDGET_URL: sandbox.widgetUrl,
        // The sandbox keeps the payloads of its pointers itself.
        PAYLOAD_POINTERS: process.env.PAYLOAD_POINTERS || 'fetch',
        PAYLOAD_POINTER_HOSTS: process.env.PAYLOAD_POINTER_HOSTS || 'localhost',
        // The scenario provider-retired needs two checks.
        PROVIDER_CHECK_MINUTES: process.env.PROVIDER_CHECK_MINUTES || '1',
      },
    };
  }

  private async startSampleApp(): Promise<{ url: string }> {
    const { port, sampleAppPort } = this.settings;
    const url = `http://localhost:${sampleAppPort}`;
    const sampleApp = await withPortError(sampleAppPort, 'the sample app', 'SAMPLE_APP_PORT', () =>
      startSampleApp({
        port: sampleAppPort,
        host: LOOPBACK,
        publicUrl: url,
        serviceUrl: `http://${LOOPBACK}:${port}`,
        apiKey: this.apiKey,
      }),
    );
    this.started.add('the sample app', () => sampleApp.close());
    return { url };
  }

  private async startService(environment: Environment): Promise<void> {
    const service = startService(environment);
    this.started.add('the service', () => service.stop());
    await waitUntilReady(
      service,
      `http://${LOOPBACK}:${this.settings.managementPort}/health/ready`,
      this.stop.signal,
    );
    this.stopWhenEnded('The service', service.exited);
  }

  private stopWhenEnded(name: string, exited: Promise<string>): void {
    exited.then(
      (end) => this.stop.request(new LauncherError(`${name} stopped unexpectedly: ${end}`)),
      (error: unknown) => this.stop.request(new LauncherError(`${name} failed: ${String(error)}`)),
    );
  }
}

/** Turns EADDRINUSE into a PortTakenError: another program can take the port after the check at the start. */
async function withPortError<T>(
  port: number,
  neededBy: string,
  variable: string,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw hasCode(error, 'EADDRINUSE') ? new PortTakenError(port, neededBy, variable) : error;
  }
}

async function main(): Promise<void> {
  const started = new StopList();
  const stop = new StopRequest();
  let failure: unknown;
  try {
    stop.listen();
    // The sandbox runs in this process: an error in it must not leave the other parts running.
    process.on('uncaughtException', (error) => {
      console.error(error);
      stop.request(new LauncherError('The launcher failed; the error is above.'));
    });
    // A closed terminal must not prevent an orderly stop.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

    loadEnvFile('.env');
    loadSecretFiles();
    console.log(await new Launcher(readSettings(process.env), started, stop).run());
    await stop.wait();
    failure = stop.reason;
  } catch (error) {
    failure = stop.signal.aborted ? stop.reason : error;
  }
  if (failure) console.error(failure instanceof LauncherError ? `\n${failure.message}` : failure);
  else console.log('\nStopping …');
  await started.stopAll();
  process.exit(failure ? 1 : 0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
