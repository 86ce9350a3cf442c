import { laneOf } from './lane';

const [LINKS, DATA, LARGE] = [0, 1, 2];
const ofText = (text: string): number => laneOf(Buffer.from(text));
const large = '1,'.repeat(200_000);

describe('The lane of a delivery', () => {
  it.each([
    'auth',
    'auth_cancelled',
    'deauth',
    'access_revoked',
    'user_reauth',
    'connection_error',
    'permission_change',
  ])('of type %s is the lane of the links, wherever the type stands', (type) => {
    expect(ofText(`{"type":"${type}","user":{}}`)).toBe(LINKS);
    expect(ofText(`{"user":{"user_id":"1"},\n "type" :\t"${type}"}`)).toBe(LINKS);
    expect(ofText(`{"data":[{"type":"daily"}],"type":"${type}"}`)).toBe(LINKS);
  });

  it.each(['activity', 'athlete', 'body', 'daily', 'sleep', 'lab_report.completed', 'lab_report'])(
    'of type %s is the lane of the data, or of the large bodies',
    (type) => {
      expect(ofText(`{"type":"${type}","data":[]}`)).toBe(DATA);
      expect(ofText(`{"type":"${type}","data":[${large}1]}`)).toBe(LARGE);
      expect(ofText(`{"data":[${large}1],"type":"${type}"}`)).toBe(LARGE);
    },
  );

  it('of a link event is the lane of the links however large it is', () => {
    expect(ofText(`{"type":"auth","x":[${large}1]}`)).toBe(LINKS);
    expect(ofText(`{"x":[${large}1],"type":"auth"}`)).toBe(LINKS);
  });

  it.each([
    ['of another type', '{"type":"healthcheck"}'],
    ['of a misspelt type', '{"type":"connexion_error","user":{}}'],
    ['of a type that begins like a link event', '{"type":"auth_failure"}'],
    ['of an escaped type', '{"type":"\\u0061uth"}'],
    ['of an escaped name', '{"\\u0074ype":"auth"}'],
    ['without a type', '{"user":{}}'],
    ['without JSON', '\u0000\ufffd'],
    ['without bytes', ''],
  ])('is the lane of the links for a small body %s', (_, text) => {
    expect(ofText(text)).toBe(LINKS);
  });

  it('of bytes that are not UTF-8 is found like any other', () => {
    expect(laneOf(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('{"type":"daily"}')]))).toBe(DATA);
  });
});
