import * as fc from 'fast-check';
import { verifyTerraWebhookSignature } from 'terra-api';
import { checkSignature } from '../src/terra';
import { nowInSeconds, signatureHex } from './support/webhooks';

const SECRETS = ['first-secret-of-ours', 'second-secret-of-ours'];

/** Whether Terra's own SDK accepts the webhook with any of our secrets. */
async function sdkAccepts(body: string, header: string): Promise<boolean> {
  const verdicts = await Promise.allSettled(
    SECRETS.map((secret) => verifyTerraWebhookSignature(body, header, secret, { tolerance: 300 })),
  );
  return verdicts.some(({ status }) => status === 'fulfilled');
}

function weAccept(body: string, header: string): boolean {
  return checkSignature(Buffer.from(body), { 'x-terra-signature': header }, SECRETS, new Date(), 300).ok;
}

/** The parts of a genuine delivery that an attacker can change. */
const delivery = fc.record({
  body: fc.oneof(
    fc.json(),
    fc.string({ unit: 'grapheme' }),
    fc.constant(''),
    fc.constant('{"type":"auth","status":"success"}'),
  ),
  // Far enough from 300 that the second in which the test runs does not matter.
  age: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 290, -290) },
    { weight: 1, arbitrary: fc.constantFrom(310, -310, 86_400, 1e9) },
  ),
  secret: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...SECRETS) },
    { weight: 1, arbitrary: fc.constantFrom('', 'not-ours', SECRETS.join(',')) },
  ),
});

type Forgery = (parts: string[], hex: string, at: number) => string[];
const FORGERIES: Record<string, Forgery> = {
  none: (parts) => parts,
  reversed: (parts) => [...parts].reverse(),
  doubled: (parts) => [...parts, ...parts],
  'time twice': (parts, _hex, at) => [...parts, `t=${at - 5}`],
  'no time': (parts) => parts.slice(1),
  'no signature': (parts) => parts.slice(0, 1),
  'other scheme': (parts, hex) => [parts[0] ?? '', `v0=${hex}`],
  'wrong before right': (parts, hex) => [parts[0] ?? '', `v1=${'0'.repeat(hex.length)}`, ...parts.slice(1)],
  'wrong after right': (parts, hex) => [...parts, `v1=${'f'.repeat(hex.length)}`],
  'truncated hex': (parts, hex) => [parts[0] ?? '', `v1=${hex.slice(0, 40)}`],
  'longer hex': (parts, hex) => [parts[0] ?? '', `v1=${hex}ab`],
  'junk after hex': (parts, hex) => [parts[0] ?? '', `v1=${hex}=junk`],
  'junk after time': (_parts, hex, at) => [`t=${at}=junk`, `v1=${hex}`],
  'time with suffix': (_parts, hex, at) => [`t=${at}abc`, `v1=${hex}`],
  'blank in time': (_parts, hex, at) => [`t= ${at} `, `v1=${hex}`],
  milliseconds: (_parts, hex, at) => [`t=${at * 1_000}`, `v1=${hex}`],
  'upper case': (parts, hex) => [parts[0] ?? '', `v1=${hex.toUpperCase()}`],
  blanks: (parts) => parts.map((part) => ` ${part} `),
  'blanks around the sign': (parts) => parts.map((part) => part.replace('=', ' = ')),
  'empty members': (parts) => ['', ...parts, ''],
  'other separator': (parts) => [parts.join(';')],
};

const forgery = fc.oneof(
  fc.constantFrom(...Object.keys(FORGERIES)).map((name) => FORGERIES[name] as Forgery),
  // One character is replaced, removed, or becomes two.
  fc.tuple(fc.nat(90), fc.string({ minLength: 0, maxLength: 2 })).map(([at, put]): Forgery => {
    return (parts) => {
      const header = parts.join(',');
      return [header.slice(0, at) + put + header.slice(at + 1)];
    };
  }),
);

describe('The signature check', () => {
  it("T-08: rejects everything that Terra's own SDK rejects", async () => {
    let acceptedByBoth = 0;
    let rejectedByBoth = 0;
    await fc.assert(
      fc.asyncProperty(delivery, forgery, async ({ body, age, secret }, forge) => {
        const at = nowInSeconds() - age;
        const hex = signatureHex(body, at, secret);
        const header = forge([`t=${at}`, `v1=${hex}`], hex, at).join(',');
        const [theirs, ours] = [await sdkAccepts(body, header), weAccept(body, header)];
        if (ours) expect({ header, theirs }).toEqual({ header, theirs: true });
        if (ours && theirs) acceptedByBoth += 1;
        if (!ours && !theirs) rejectedByBoth += 1;
      }),
      { numRuns: 1_500, seed: 4711 },
    );
    // The cases prove something only if both accept many of them and both reject many of them.
    expect(acceptedByBoth).toBeGreaterThan(80);
    expect(rejectedByBoth).toBeGreaterThan(80);
  });

  it("accepts every genuine signature, as Terra's own SDK does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom(...SECRETS), async (body, secret) => {
        const at = nowInSeconds();
        const header = `t=${at},v1=${signatureHex(body, at, secret)}`;
        expect([await sdkAccepts(body, header), weAccept(body, header)]).toEqual([true, true]);
      }),
      { numRuns: 300, seed: 4711 },
    );
  });

  it('is stricter than the SDK on purpose about a time with a suffix', async () => {
    const body = '{"type":"auth"}';
    const suffixed = `${nowInSeconds()}abc`;
    const header = `t=${suffixed},v1=${signatureHex(body, suffixed, SECRETS[0])}`;
    expect([await sdkAccepts(body, header), weAccept(body, header)]).toEqual([true, false]);
  });

  it('differs from the SDK on purpose for bytes that are not text: it checks the bytes, the SDK checks the decoded text', async () => {
    const body = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    const at = nowInSeconds();
    const header = `t=${at},v1=${signatureHex(body, at, SECRETS[0])}`;
    const headers = { 'x-terra-signature': header };
    await expect(verifyTerraWebhookSignature(body as never, header, SECRETS[0] ?? '')).rejects.toThrow();
    expect(checkSignature(body, headers, SECRETS, new Date(), 300).ok).toBe(true);
  });
});
