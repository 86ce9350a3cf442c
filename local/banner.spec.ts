import { join } from 'node:path';
import { banner, type BannerDetails } from './banner';
import { readSettings } from './settings';

const ACCOUNT = { TERRA_DEV_ID: 'acme-dev-1', TERRA_API_KEY: 'key', TERRA_SIGNING_SECRETS: 'secret' };

function textFor(
  variables: Record<string, string | undefined>,
  details: Partial<BannerDetails> = {},
): string {
  return banner({
    settings: readSettings(variables),
    sampleAppUrl: 'http://localhost:3002',
    sandboxUrl: undefined,
    envFile: join(process.cwd(), '.data', 'env'),
    generatedApiKey: 'tc_generated',
    ...details,
  });
}

describe('the text of npm start', () => {
  it('says how to run the commands and how to call the API in another terminal', () => {
    const text = textFor({}, { sandboxUrl: 'http://localhost:3001' });
    expect(text).toContain('node --env-file=.data/env dist/src/cli.js --help');
    expect(text).toContain('  . .data/env\n  curl -sS "$SERVICE_URL/v1/connect-sessions"');
    expect(text).toContain('API key     tc_generated');
  });

  it('names the file so that a shell finds it: with a slash, and in quotes if it has a space', () => {
    expect(textFor({}, { envFile: join(process.cwd(), 'env') })).toContain('\n  . ./env\n');
    expect(textFor({}, { envFile: '/home/my user/env' })).toContain('\n  . "/home/my user/env"\n');
  });

  it.each([
    {},
    { PUBLIC_URL: 'http://localhost:3000' },
    { PUBLIC_URL: 'http://127.0.0.1:3000/' },
    { PUBLIC_URL: 'http://[::1]:3000' },
  ])('says with a Terra account and the public URL %j how Terra can reach this machine', (publicUrl) => {
    const text = textFor({ ...ACCOUNT, ...publicUrl, PORT: '3100' });
    expect(text).toContain('cannot call this machine yet');
    expect(text).toContain('cloudflared tunnel --url http://localhost:3100');
    expect(text).toContain('PUBLIC_URL=https://<host of the tunnel>');
    expect(text).toContain('add the webhook https://<host of the tunnel>/webhooks/terra');
    expect(text).not.toMatch(/localhost:\d+\/webhooks|127\.0\.0\.1|\[::1\]/);
  });

  it('names the destination when the public URL is public', () => {
    const text = textFor({ ...ACCOUNT, PUBLIC_URL: 'https://localhost.example.com/' });
    expect(text).toContain('its destination must be https://localhost.example.com/webhooks/terra');
    expect(text).not.toContain('tunnel');
  });
});
