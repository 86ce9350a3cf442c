import { startSampleApp, startSandbox } from './index';

/**
 * Runs the sandbox and, where SERVICE_URL and API_KEY are set, the sample app, from environment variables:
 * for docker-compose and for anybody who wants a Terra on their desk.
 */
async function main(): Promise<void> {
  const { env } = process;
  const host = env.SANDBOX_HOST || '127.0.0.1';
  const log = (line: string): void => console.log(line);

  const sandbox = await startSandbox({
    host,
    port: portFrom(env.SANDBOX_PORT, 4000),
    publicUrl: env.SANDBOX_PUBLIC_URL || undefined,
    devId: env.TERRA_DEV_ID || 'sandbox-dev-id',
    apiKey: env.TERRA_API_KEY || 'sandbox-api-key',
    // The service may know several secrets; Terra signs with the one of this destination.
    signingSecret: env.TERRA_SIGNING_SECRETS?.split(',')[0]?.trim() || 'sandbox-signing-secret',
    webhookUrl: env.WEBHOOK_URL || undefined,
    log,
  });
  log(`Terra sandbox: ${sandbox.publicUrl}`);
  const running: { close(): Promise<void> }[] = [sandbox];

  if (env.SERVICE_URL && env.API_KEY) {
    const sampleApp = await startSampleApp({
      host,
      port: portFrom(env.SAMPLE_APP_PORT, 4001),
      publicUrl: env.SAMPLE_APP_PUBLIC_URL || undefined,
      serviceUrl: env.SERVICE_URL,
      apiKey: env.API_KEY,
    });
    log(`Sample app: ${sampleApp.url}`);
    running.push(sampleApp);
  }

  const stop = (): void => {
    Promise.all(running.map((one) => one.close())).then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function portFrom(text: string | undefined, otherwise: number): number {
  const port = text ? Number(text) : otherwise;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`"${text}" is not a port`);
  return port;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
