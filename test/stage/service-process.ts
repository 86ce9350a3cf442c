import type { Environment } from '../../local/node-program';
import { findFreePort } from '../../local/ports';
import { LoggedProgram } from '../../local/logged-program';

/** The credentials that the service shares with the test that plays Terra. */
export const STAGE_CREDENTIALS = {
  devId: 'stage-testing-4d1f0a7c22',
  apiKey: 'stage-key-90b1d3c5e7f9a2b4c6d8',
  signingSecret: '5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e7',
};
export const STAGE_API_KEY = 'tc_stage_bootstrap_key_0123456789';

// No server listens there, so every request of the service to Terra fails. Webhooks still arrive.
const NO_TERRA = 'http://127.0.0.1:9';

export interface ServiceOptions {
  databaseUrl: string;
  logFile: string;
  /** Default: a free port. */
  port?: number;
  environment?: Environment;
  /** Default: the program that `npm run build` makes. */
  script?: string;
}

/** The built service as in production, with its workers, in its own process. */
export class ServiceProcess {
  private constructor(
    readonly url: string,
    readonly program: LoggedProgram,
  ) {}

  /** Starts the service without waiting until it is ready. */
  static spawn(options: ServiceOptions & { port: number }): ServiceProcess {
    const { databaseUrl, logFile, port, environment, script = 'src/main.js' } = options;
    const url = `http://127.0.0.1:${port}`;
    const program = new LoggedProgram(
      'the service',
      script,
      [],
      {
        // Production rejects the credentials above, because anyone can read them.
        NODE_ENV: 'test',
        PORT: String(port),
        PUBLIC_URL: url,
        DATABASE_URL: databaseUrl,
        TERRA_DEV_ID: STAGE_CREDENTIALS.devId,
        TERRA_API_KEY: STAGE_CREDENTIALS.apiKey,
        TERRA_SIGNING_SECRETS: STAGE_CREDENTIALS.signingSecret,
        TERRA_API_URL: NO_TERRA,
        TERRA_WIDGET_URL: NO_TERRA,
        BOOTSTRAP_API_KEY: STAGE_API_KEY,
        WORKERS_ENABLED: 'true',
        SHUTDOWN_DRAIN_SECONDS: '0',
        ...environment,
      },
      logFile,
    );
    return new ServiceProcess(url, program);
  }

  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = ServiceProcess.spawn({ ...options, port: options.port ?? (await findFreePort()) });
    try {
      await service.ready();
    } catch (error) {
      await service.program.kill();
      throw error;
    }
    return service;
  }

  ready(): Promise<void> {
    return this.program.waitUntilReady(`${this.url}/health/ready`);
  }
}

export async function migrate(databaseUrl: string, logFile: string): Promise<void> {
  const env = { DATABASE_URL: databaseUrl };
  await new LoggedProgram('the migration', 'src/cli.js', ['migrate'], env, logFile).waitForSuccess();
}
