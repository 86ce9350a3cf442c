import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../sandbox';
import { banner } from './banner';
import { startEmbeddedPostgres } from './embedded-postgres';
import { hasCode, LauncherError, PortTakenError } from './launcher-error';
import { assertPortFree } from './ports';
import { keepSecret } from './secrets';
import type { Environment } from './node-program';
import { migrate, startService, waitUntilReady } from './service';
import { loadEnvFile, readSettings, type Settings } from './settings';
import { StopList } from './stop-list';
import { StopRequest } from './stop-request';
import { startSampleApp } from '../sample-app';

const LOOPBACK = '127.0.0.1';
// What was connected at the sandbox is not at Terra: the two do not share a database.
const databaseOf = ({ hasTerraAccount }: Settings): string =>
  hasTerraAccount ? 'terra_connect' : 'terra_connect_sandbox';

/** Starts what is missing, then the service. Whatever has been started when a step fails is on the stop list. */
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
    const sandbox = settings.hasTerraAccount ? undefined : await this.startTerra();
    const sampleApp = await this.startSampleApp();
    this.stop.signal.throwIfAborted();

    const environment: Environment = {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT: String(settings.port),
      PUBLIC_URL: settings.publicUrl,
      RETURN_URLS: [settings.returnUrls, `${sampleApp.url}/`].filter(Boolean).join(','),
      BOOTSTRAP_API_KEY: this.apiKey,
      WORKERS_ENABLED: process.env.WORKERS_ENABLED || 'true',
      ...sandbox?.variables,
    };
    await migrate(environment, this.stop.signal);
    await this.startService(environment);
    return banner({
      settings,
      sampleAppUrl: sampleApp.url,
      sandboxUrl: sandbox?.url,
      databaseUrlFile: settings.databaseUrl ? undefined : this.databaseUrlFile,
      generatedApiKey: settings.apiKey ? undefined : this.apiKey,
    });
  }

  private get databaseUrlFile(): string {
    return join(this.settings.dataDir, 'database-url');
  }

  private secret(name: string, make: () => string): string {
    return keepSecret(join(this.settings.dataDir, 'secrets', name), make);
  }

  private async assertPortsFree(): Promise<void> {
    const { port, sandboxPort, sampleAppPort, hasTerraAccount } = this.settings;
    await assertPortFree(port, 'the service', 'PORT');
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
    this.started.add('the embedded PostgreSQL', async () => {
      await postgres.stop();
      rmSync(this.databaseUrlFile, { force: true });
    });
    this.stopWhenEnded('The embedded PostgreSQL', postgres.exited);
    await postgres.ensureDatabase(databaseOf(this.settings));
    const url = postgres.url(databaseOf(this.settings));
    rmSync(this.databaseUrlFile, { force: true });
    writeFileSync(this.databaseUrlFile, `${url}\n`, { mode: 0o600 });
    return url;
  }

  private async startTerra(): Promise<{ url: string; variables: Environment }> {
    const { sandboxPort, port } = this.settings;
    const devId = this.secret('terra-dev-id', () => `sandbox-${randomBytes(6).toString('hex')}`);
    const apiKey = this.secret('terra-api-key', () => randomBytes(24).toString('base64url'));
    const signingSecret = this.secret('terra-signing-secret', () => randomBytes(24).toString('hex'));
    const url = `http://localhost:${sandboxPort}`;
    const sandbox = await naming(sandboxPort, 'the Terra sandbox', 'SANDBOX_PORT', () =>
      startSandbox({
        port: sandboxPort,
        host: LOOPBACK,
        publicUrl: url,
        devId,
        apiKey,
        signingSecret,
        webhookUrl: `http://${LOOPBACK}:${port}/webhooks/terra`,
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
      },
    };
  }

  private async startSampleApp(): Promise<{ url: string }> {
    const { port, sampleAppPort } = this.settings;
    const url = `http://localhost:${sampleAppPort}`;
    const sampleApp = await naming(sampleAppPort, 'the sample app', 'SAMPLE_APP_PORT', () =>
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
    await waitUntilReady(service, `http://${LOOPBACK}:${this.settings.port}/health/ready`, this.stop.signal);
    this.stopWhenEnded('The service', service.exited);
  }

  private stopWhenEnded(name: string, exited: Promise<string>): void {
    exited.then(
      (end) => this.stop.request(new LauncherError(`${name} has ended by itself: ${end}`)),
      (error: unknown) => this.stop.request(new LauncherError(`${name} has failed: ${String(error)}`)),
    );
  }
}

/** A port can be taken between the check at the start and its use. */
async function naming<T>(
  port: number,
  wantedBy: string,
  variable: string,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw hasCode(error, 'EADDRINUSE') ? new PortTakenError(port, wantedBy, variable) : error;
  }
}

async function main(): Promise<void> {
  const started = new StopList();
  const stop = new StopRequest();
  let failure: unknown;
  try {
    stop.listen();
    // The sandbox runs in this process: what goes wrong in it must not leave the others behind.
    process.on('uncaughtException', (error) => {
      console.error(error);
      stop.request(new LauncherError('The launcher has failed; see above.'));
    });
    // A terminal that is gone must not keep us from stopping in order.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

    loadEnvFile('.env');
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
