import { parseReturnUrl } from './return-url';
import { describeReturnUrlProblem, ReturnUrlList } from './return-url-list';

const allows = (entry: string, text: string): boolean => {
  const url = parseReturnUrl(text);
  return typeof url !== 'string' && new ReturnUrlList([entry]).allows(url);
};

describe('An entry of RETURN_URLS', () => {
  it.each([
    // RFC 8252, 7.1: private-use schemes, by its own example with one slash, and with a host
    ['com.example.app:/oauth2redirect', 'com.example.app:/oauth2redirect/example-provider'],
    ['com.example.app:/', 'com.example.app:/any/where?x=1#y'],
    ['com.example.app://connected', 'com.example.app://connected/x'],
    ['com.example.app:///connected', 'com.example.app:///connected'],
    // 7.2: https URLs that an app claims
    ['https://app.example.com/oauth2redirect', 'https://app.example.com/oauth2redirect/example-provider'],
    // 7.3: any port of the loopback interface, IPv4 and IPv6
    ['http://127.0.0.1/oauth2redirect', 'http://127.0.0.1:51004/oauth2redirect/example-provider'],
    ['http://127.0.0.1/oauth2redirect', 'http://127.0.0.1/oauth2redirect'],
    ['http://[::1]/oauth2redirect', 'http://[::1]:61023/oauth2redirect'],
    ['http://localhost/', 'http://localhost:8123/callback'],
    ['http://localhost:4001/', 'http://localhost:4001/callback'],
    // preview hosts
    ['https://*.preview.example.com/', 'https://pr-17.preview.example.com/devices'],
    ['https://pr-*.example.com/devices', 'https://pr-17-fix.example.com/devices'],
    ['https://deploy-preview-*--pulse.netlify.app/', 'https://deploy-preview-42--pulse.netlify.app/'],
    ['https://pr(1)-*.example.com/', 'https://pr(1)-x.example.com/'],
    // local networks
    ['http://192.168.1.20:3000/', 'http://192.168.1.20:3000/devices'],
    ['http://[fd00::1]:3000/', 'http://[fd00::1]:3000/'],
    ['http://laptop.local:3000/', 'http://laptop.local:3000/devices'],
  ])('%s allows %s', (entry, url) => {
    expect(describeReturnUrlProblem(entry, false)).toBeNull();
    expect(allows(entry, url)).toBe(true);
  });

  it.each([
    ['com.example.app:/connected', 'com.example.app://connected'],
    ['com.example.app:/connected', 'com.example.app:///connected'],
    ['com.example.app://connected', 'com.example.app:/connected'],
    ['com.example.app:/connected', 'com.example.app.evil:/connected'],
    ['com.example.app:/connected', 'com.example.app:/connectedx'],
    ['com.example.app:/connected', 'com.example.app:/connected/../x'],
    ['com.example.app:/', 'com.example.app:/.//evil.example/x'],
    ['com.example.app:/', 'com.example.app:connected'],
    ['https://app.example.com/', 'app.example.com:/'],
    ['http://127.0.0.1/cb', 'http://127.0.0.2:5000/cb'],
    ['http://127.0.0.1/cb', 'http://[::1]:5000/cb'],
    ['http://127.0.0.1/cb', 'http://localhost:5000/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1.evil.example:5000/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:5000@evil.example/cb'],
    ['http://127.0.0.1/cb', 'https://127.0.0.1:5000/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:5000/other'],
    ['http://127.0.0.1:4001/cb', 'http://127.0.0.1:4002/cb'],
    ['https://localhost/', 'https://localhost:5000/'],
    ['https://app.example.com/', 'https://app.example.com:5000/'],
    ['https://*.preview.example.com/', 'https://preview.example.com/'],
    ['https://*.preview.example.com/', 'https://a.b.preview.example.com/'],
    ['https://*.preview.example.com/', 'https://evil.example/.preview.example.com/'],
    ['https://*.preview.example.com/', 'https://x.preview.example.com.evil.example/'],
    ['https://*.preview.example.com/', 'https://xpreview.example.com/'],
    ['https://*.preview.example.com/', 'https://x.previewxexample.com/'],
    ['https://*.preview.example.com/', 'https://*.preview.example.com/'],
    ['https://*.preview.example.com/', 'https://x_y.preview.example.com/'],
    ['https://*.preview.example.com/', 'https://.preview.example.com/'],
    ['https://*.preview.example.com/', 'https://x.preview.example.com:8443/'],
    ['https://*.preview.example.com/', 'http://x.preview.example.com/'],
    ['https://*.preview.example.com/a', 'https://x.preview.example.com/b'],
    ['https://pr-*.example.com/', 'https://pr-.example.com/'],
    ['https://pr-*.example.com/', 'https://xpr-1.example.com/'],
    ['https://pr-*.example.com/', 'https://pr-1.evil.example.com/'],
    ['http://192.168.1.20:3000/', 'http://192.168.1.21:3000/'],
    ['http://192.168.1.20:3000/', 'http://192.168.1.20:3001/'],
  ])('T-04: %s does not allow %s', (entry, url) => {
    expect(describeReturnUrlProblem(entry, false)).toBeNull();
    expect(allows(entry, url)).toBe(false);
  });

  it.each([
    ['https://app.example.com/devices?x=1', 'has a query'],
    ['https://app.example.com/devices?', 'has a query'],
    ['https://app.example.com/#/devices', 'has a fragment'],
    ['https://app.example.com/#', 'has a fragment'],
    ['https://app.example.com/*', 'has a * in its path'],
    ['com.example.app:/*', 'has a * in its path'],
    ['https://*.*.example.com/', 'outside of the first label'],
    ['https://app.*.example.com/', 'outside of the first label'],
    ['https://*-*.example.com/', 'outside of the first label'],
    ['http://*.local/', 'outside of the first label'],
    ['pulse://*', 'outside of the first label'],
    ['https://*/', 'anyone can get'],
    ['https://*.com/', 'anyone can get'],
    ['https://*.co.uk/', 'anyone can get'],
    ['https://*.vercel.app/', 'anyone can get'],
    ['https://pulse-*.vercel.app/', 'anyone can get'],
    ['https://*.eu.ngrok.io/', 'anyone can get'],
    ['https://app.example.com:*/', 'is not a URL'],
    ['*://app.example.com/', 'is not an absolute URL'],
    ['app.example.com', 'is not an absolute URL'],
    ['com.example.app:connected', 'is not an absolute URL'],
    ['http://app.example.com/', 'must use https'],
    ['https://user@app.example.com/', 'contains a user name'],
    ['https:///devices', 'has no host'],
    ['javascript:/alert(1)', 'never allowed'],
  ])('that no return URL can match, or that strangers could match, is refused: %s', (entry, problem) => {
    expect(describeReturnUrlProblem(entry, false)).toContain(problem);
  });

  it.each([
    'http://192.168.1.20:3000/',
    'https://192.168.1.20/',
    'http://10.0.0.7/',
    'http://172.31.255.1/',
    'http://169.254.1.1/',
    'http://[fd12::1]/',
    'http://[fe80::1]/',
    'http://[::ffff:10.0.0.7]/',
    'http://laptop.local/',
  ])('of a local network is refused in production: %s', (entry) => {
    expect(describeReturnUrlProblem(entry, false)).toBeNull();
    expect(describeReturnUrlProblem(entry, true)).toContain('only a service in development may list');
  });

  it.each(['http://172.32.0.1/', 'http://11.0.0.1/', 'http://[2001:db8::1]/', 'http://192.169.0.1/'])(
    'of a public address needs https: %s',
    (entry) => {
      expect(describeReturnUrlProblem(entry, false)).toContain('must use https');
    },
  );

  it.each([
    'https://app.example.com/devices',
    'http://127.0.0.1/',
    'pulse://connected',
    'https://portal.hospital.local/',
  ])('of another kind is allowed in production: %s', (entry) => {
    expect(describeReturnUrlProblem(entry, true)).toBeNull();
  });
});
