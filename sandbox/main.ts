import { startSandbox } from './index';

/** Starts the sandbox with settings from environment variables, for docker-compose and local development. */
async function main(): Promise<void> {
  const { env } = process;
  const log = (line: string): void => console.log(line);
  const sandbox = await startSandbox({
    host: env.SANDBOX_HOST || '127.0.0.1',
    port: Number(env.SANDBOX_PORT || 4000),
    publicUrl: env.SANDBOX_PUBLIC_URL || undefined,
    devId: env.TERRA_DEV_ID || 'sandbox-dev-id',
    apiKey: env.TERRA_API_KEY || 'sandbox-api-key',
    // The service accepts several secrets; the sandbox is one destination and signs with the first.
    signingSecret: env.TERRA_SIGNING_SECRETS?.split(',')[0]?.trim() || 'sandbox-signing-secret',
    webhookUrl: env.WEBHOOK_URL || undefined,
    // Without a destination, such as in the bench, data would only cost time.
    behaviour: { dataAfterConnect: Boolean(env.WEBHOOK_URL) },
    log,
  });
  log(`Terra sandbox: ${sandbox.publicUrl}`);
  const stop = (): void => {
    sandbox.close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
