import { Webhook } from 'standardwebhooks';
import { newSecret, signatureHeaders } from './endpoint-secret';

const NOW = new Date(Math.floor(Date.now() / 1_000) * 1_000);
const TEXT = '{"id":"evt_1","data":{"name":"Zoë 🏃","payload":{ "steps": 1 }}}';

describe('signatureHeaders', () => {
  const secret = newSecret();
  const signer = { secret, previousSecret: null, previousSecretUntil: null };

  it.each([
    ['small', TEXT],
    ['large', TEXT + ' '.repeat(300_000)],
  ])('signs as the package of Standard Webhooks does, wherever a %s message is cut into parts', (_, text) => {
    const bytes = Buffer.from(text);
    const signature = new Webhook(secret).sign('evt_1', NOW, text);
    for (let cut = 0; cut <= TEXT.length; cut += 1) {
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(signatureHeaders(signer, { id: 'evt_1', parts }, NOW)).toEqual({
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(NOW.getTime() / 1_000),
        'webhook-signature': signature,
      });
    }
  });

  it('signs with both secrets until the end of a rotation', () => {
    const previousSecret = newSecret();
    const message = { id: 'evt_1', parts: [Buffer.from(TEXT)] };
    const until = (ms: number) => {
      const rotated = { secret, previousSecret, previousSecretUntil: new Date(NOW.getTime() + ms) };
      return signatureHeaders(rotated, message, NOW);
    };
    for (const each of [secret, previousSecret])
      expect(() => new Webhook(each).verify(TEXT, until(1))).not.toThrow();
    expect(() => new Webhook(previousSecret).verify(TEXT, until(0))).toThrow();
  });
});
