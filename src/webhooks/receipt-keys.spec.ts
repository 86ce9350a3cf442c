import { receiptKeysOf, type IdentifiedDelivery, type ReceiptKeys } from './receipt-keys';

const FIRST: IdentifiedDelivery = {
  body: Buffer.from('{"type":"connection_error"}'),
  signedAt: new Date('2026-11-23T09:30:00Z'),
  traceId: 'trace-1',
};
const OTHER = { body: Buffer.from('{"type":"auth"}'), signedAt: new Date('2026-11-23T09:30:01Z') };

const TRACE_IDS = ['same', 'different', 'left out', 'never there'] as const;
type TraceId = (typeof TRACE_IDS)[number];
type Verdict = 'duplicate' | 'trace_id_reused' | 'stored';

/** Each line is a second delivery, compared with the first. docs/architecture.md has the same table. */
const TABLE: [TraceId, body: 'same' | 'different', time: 'same' | 'different', Verdict, why: string][] = [
  ['same', 'same', 'same', 'duplicate', 'a repetition (T-06)'],
  ['same', 'same', 'different', 'duplicate', 'a retry of Terra, signed anew'],
  ['same', 'different', 'same', 'trace_id_reused', 'another event; the trace id is not signed'],
  ['same', 'different', 'different', 'trace_id_reused', 'another event; the trace id is not signed'],
  ['different', 'same', 'same', 'duplicate', 'a repetition with a changed header (T-07)'],
  ['different', 'same', 'different', 'stored', 'the same happened again, or Terra resends the event'],
  ['different', 'different', 'same', 'stored', 'another event'],
  ['different', 'different', 'different', 'stored', 'another event'],
  ['left out', 'same', 'same', 'duplicate', 'a repetition with a removed header (T-07)'],
  ['left out', 'same', 'different', 'stored', 'the same happened again'],
  ['left out', 'different', 'same', 'stored', 'another event'],
  ['left out', 'different', 'different', 'stored', 'another event'],
  ['never there', 'same', 'same', 'duplicate', 'a repetition (T-06)'],
  ['never there', 'same', 'different', 'stored', 'the same happened again'],
  ['never there', 'different', 'same', 'stored', 'another event'],
  ['never there', 'different', 'different', 'stored', 'another event'],
];

describe('The keys of a delivery', () => {
  it.each(TABLE)('trace id %s, body %s, time %s: %s, %s', (traceId, body, time, verdict) => {
    const first = { ...FIRST, traceId: traceId === 'never there' ? null : FIRST.traceId };
    const second = {
      body: body === 'same' ? FIRST.body : OTHER.body,
      signedAt: time === 'same' ? FIRST.signedAt : OTHER.signedAt,
      traceId: { same: 'trace-1', different: 'trace-2', 'left out': null, 'never there': null }[traceId],
    };
    expect(verdictOf(receiptKeysOf(first), receiptKeysOf(second))).toBe(verdict);
  });

  it('cover every combination of trace id, body and time', () => {
    expect(new Set(TABLE.map(([traceId, body, time]) => [traceId, body, time].join())).size).toBe(
      TRACE_IDS.length * 2 * 2,
    );
  });

  it('are never equal to a key of another kind, whatever a trace id holds', () => {
    const { signed } = receiptKeysOf(FIRST);
    for (const traceId of ['signed', '1795426200', 'retry', '', ' ', signed.toString('hex')]) {
      const keys = Object.values(receiptKeysOf({ ...FIRST, traceId })) as Buffer[];
      expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(3);
    }
  });
});

function verdictOf(first: ReceiptKeys, second: ReceiptKeys): Verdict {
  const shared = (name: keyof ReceiptKeys): boolean =>
    first[name] !== null && second[name] !== null && first[name].equals(second[name]);
  if (shared('signed') || shared('retry')) return 'duplicate';
  return shared('trace') ? 'trace_id_reused' : 'stored';
}
