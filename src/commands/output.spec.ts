import { formatTable } from './output';

describe('A table of the command line', () => {
  it('has headings and aligned columns, without an index and without quotes', () => {
    const rows = [
      { id: '1', name: 'billing', replays: 0 },
      { id: '22', name: null, replays: 12 },
    ];
    expect(formatTable(rows)).toBe(['ID  NAME     REPLAYS', '1   billing  0', '22  -        12'].join('\n'));
  });

  it('aligns columns after texts that a terminal shows wider or narrower than their length', () => {
    const rows = ['plain', '東京', 'e\u0301', '⌚'].map((name) => ({ name, next: '|' }));
    expect(formatTable(rows)).toBe(
      ['NAME   NEXT', 'plain  |', '東京   |', 'e\u0301      |', '⌚     |'].join('\n'),
    );
  });

  it('lets no text of others move the cursor, break the line or reverse the text', () => {
    const [, line = ''] = formatTable([{ note: '\u001b[2Jx\ny\u009bz\u202e' }]).split('\n');
    expect(line).toBe('\ufffd[2Jx\ufffdy\ufffdz\ufffd');
  });
});
