import { startSampleApp } from './index';

/** Starts the sample app with settings from environment variables, for docker-compose and local development. */
async function main(): Promise<void> {
  const { env } = process;
  const sampleApp = await startSampleApp({
    host: env.SAMPLE_APP_HOST || '127.0.0.1',
    port: Number(env.SAMPLE_APP_PORT || 4001),
    publicUrl: env.SAMPLE_APP_PUBLIC_URL || undefined,
    webhookOrigin: env.SAMPLE_APP_WEBHOOK_ORIGIN || undefined,
    serviceUrl: required('SERVICE_URL', env.SERVICE_URL),
    apiKey: required('API_KEY', env.API_KEY),
  });
  console.log(`Sample app: ${sampleApp.url}`);
  const stop = (): void => {
    sampleApp.close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function required(name: string, value: string | undefined): string {
  if (!value) throw new Error(`Set ${name}: the sample app needs this variable to call Terra Connect.`);
  return value;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
