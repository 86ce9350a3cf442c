// Lists of URLs, separated by spaces.
const words = (text: string): string[] => text.trim().split(/\s+/);

/** URLs that no caller may give to a receiver, by what is wrong with them. */
export const HOSTILE_URLS = {
  /** Without https, or not an absolute URL. */
  noHttps: [
    ...words(`
    http://hooks.example.com/ HTTP://hooks.example.com/ http://localhost/ http://127.0.0.1:3000/
    ftp://hooks.example.com/ file:///etc/passwd gopher://hooks.example.com:6379/_INFO javascript:alert(1)
    data:text/plain,x ws://hooks.example.com/ wss://hooks.example.com/ //hooks.example.com/ /hooks
    hooks.example.com hooks.example.com:443 https:hooks.example.com https:/hooks.example.com/
    https//hooks.example.com httpss://hooks.example.com/ jar:https://hooks.example.com!/ https
    ?https://hooks.example.com/ blob:https://hooks.example.com/1 dict://127.0.0.1:11211/stats ldap://127.0.0.1/
    unix:/var/run/docker.sock http+unix://%2Fvar%2Frun%2Fdocker.sock/info
    `),
    '',
  ],
  /** Characters that parsers drop, replace or read differently. */
  characters: [
    ...words(`
    https://bücher.example.com/ https://１２７.０.０.１/ https://127。0。0。1/ https://①②⑦.⓪.⓪.①/ https://ⓛocalhost/
    https://hooks.example.com．/ https://аррӏе.com/ https://hooks.example.com/ü
    https://hooks.example.com/<script> https://hooks.example.com/{id} https://hooks.example.com/|
    https://hooks.example.com/" https://hooks.example.com/^ https://ſs.example.com/ https://℡.example.com/
    `),
    ' https://hooks.example.com/',
    'https://hooks.example.com/ ',
    'https://hooks.example.com/a b',
    'https://hooks.example.com\\@evil.example.net/',
    'https:\\\\hooks.example.com/',
    'https://127.0.0.1\\.hooks.example.com/',
    'https://hooks.example.com\n/',
    'htt\tps://hooks.example.com/',
    'https://hooks.exa\tmple.com/',
    'https://hooks.example.com\r\nx: y/',
    'https://hooks.example.com/\u0000',
    'https://hooks.example.com/\u007f',
    '\ufeffhttps://hooks.example.com/',
    'https://ex\u00adample.com/',
    'https://hooks\u200b.example.com/',
    'https://hooks.example.com/`',
  ],
  /** User info, which hides the host. */
  userInfo: words(`
    https://user@hooks.example.com/ https://user:password@hooks.example.com/ https://@hooks.example.com/
    https://:@hooks.example.com/ https://hooks.example.com@127.0.0.1/
    https://hooks.example.com:443@169.254.169.254/ https://hooks.example.com%2f@127.0.0.1/
    https://a@b@127.0.0.1/ https://127.0.0.1:80@hooks.example.com/
  `),
  fragment: words(`
    https://hooks.example.com/# https://hooks.example.com/#x https://hooks.example.com#@127.0.0.1/
    https://127.0.0.1#.example.com/
  `),
  /** Without a host, or with half of an IPv6 address. */
  noHost: words(`
    https:// https:/// https:///hooks.example.com/ https://?x https://:443/ https://[::1/ https://::1/
    https://a[::1]/ https://[::1]a/
  `),
  port: words(`
    https://hooks.example.com:80/ https://hooks.example.com:22/ https://hooks.example.com:25/
    https://hooks.example.com:6379/ https://hooks.example.com:5432/ https://hooks.example.com:9200/
    https://hooks.example.com:0/ https://hooks.example.com:/ https://hooks.example.com:00443/
    https://hooks.example.com:65536/ https://hooks.example.com:-443/ https://hooks.example.com:443:443/
    https://hooks.example.com:x/ https://hooks.example.com:+443/ https://127.0.0.1:2375/ https://[::1]:10250/
    https://hooks.example.com:44%33/ https://fe80::1/ https://2001:db8::1/
  `),
  /** An address in another spelling than its usual one. */
  spelling: words(`
    https://2130706433/ https://0x7f000001/ https://017700000001/ https://0x7f.0x0.0x0.0x1/ https://0177.0.0.1/
    https://127.1/ https://127.0.1/ https://0/ https://0.0/ https://0x0/ https://127.0.0.1./ https://2852039166/
    https://0xA9FEA9FE/ https://0251.0376.0251.0376/ https://169.254.43518/ https://169.16689662/ https://10.1/
    https://0xa.0.0.1/ https://192.168.257/ https://3232235777/ https://134744072/ https://%31%32%37.0.0.1/
    https://127%2e0%2e0%2e1/ https://%6c%6fcalhost/ https://hooks%2eexample.com/ https://[0:0:0:0:0:0:0:1]/
    https://[0000::0001]/ https://[::ffff:127.0.0.1]/ https://[::ffff:169.254.169.254]/
    https://[0:0:0:0:0:ffff:7f00:1]/ https://[::127.0.0.1]/ https://[64:ff9b::127.0.0.1]/
    https://[2002:7f00:0001::]/ https://[::ffff:0:10.0.0.1]/ https://[::FFFF:10.0.0.1]/
    https://[::ffff:0.0.0.0]/ https://0xC0.0xA8.0x0.0x1/ https://0300.0250.0.1/ https://1/ https://0xffffffff/
    https://[fe80:0::1]/ https://hooks.example%2ecom/ https://h%6Foks.example.com/ https://0x08080808/
  `),
  /** This machine, and private networks. */
  privateHost: words(`
    https://localhost/ https://LOCALHOST/ https://foo.localhost/ https://localhost.localdomain/
    https://127.0.0.1/ https://127.255.255.254/ https://127.0.0.1:8443/ https://10.0.0.1/
    https://10.255.255.255/ https://172.16.0.1/ https://172.31.255.255/ https://192.168.0.1/ https://100.64.0.1/
    https://100.127.255.255/ https://[::1]/ https://[::1]:443/ https://[fc00::1]/ https://[fdff:ffff::1]/
    https://[::ffff:7f00:1]/ https://[::ffff:a00:1]/ https://[::ffff:c0a8:1]/ https://printer.local/
    https://metadata.google.internal/ https://instance-data/ https://metadata/
    https://kubernetes.default.svc.cluster.local/ https://db/ https://vault.internal/ https://wiki.intranet/
    https://router.home/ https://nas.lan/ https://host.docker.internal/ https://mail.corp/ https://x.private/
    https://1.0.0.127.in-addr.arpa/ https://router.home.arpa/ https://x.test/ https://x.example/
    https://x.invalid/ https://x.onion/ https://com/ https://[::ffff:6440:1]/ https://app.corp/
    https://LocalHost:8443/ https://consul.service.home/ https://redis/ https://postgres:443/
    https://a.b.c.local/ https://x.alt/
  `),
  /** Link-local, metadata, multicast, reserved, documentation, benchmark, tunnels. */
  neverAllowed: words(`
    https://0.0.0.0/ https://0.1.2.3/ https://169.254.169.254/ https://169.254.169.254/latest/meta-data/
    https://169.254.170.2/ https://169.254.0.1/ https://100.100.100.200/ https://168.63.129.16/
    https://192.0.0.192/ https://192.0.0.1/ https://192.0.2.1/ https://198.51.100.1/ https://203.0.113.1/
    https://198.18.0.1/ https://198.19.255.255/ https://192.88.99.1/ https://224.0.0.1/ https://239.255.255.255/
    https://240.0.0.1/ https://255.255.255.255/ https://192.52.193.1/ https://192.31.196.1/
    https://192.175.48.1/ https://[::]/ https://[fe80::1]/ https://[febf::1]/ https://[fec0::1]/
    https://[ff02::1]/ https://[fd00:ec2::254]/ https://[fd00:ec2::23]/ https://[fd20:ce::254]/
    https://[2001:db8::1]/ https://[3fff::1]/ https://[2001::1]/ https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/
    https://[2001:2::1]/ https://[2001:10::1]/ https://[2001:20::1]/ https://[2002:7f00:1::]/
    https://[2002:808:808::]/ https://[::7f00:1]/ https://[::808:808]/ https://[64:ff9b::7f00:1]/
    https://[64:ff9b::a9fe:a9fe]/ https://[64:ff9b::a00:1]/ https://[64:ff9b:1::1]/
    https://[64:ff9b:1::808:808]/ https://[::ffff:0:7f00:1]/ https://[::ffff:a9fe:a9fe]/
    https://[::ffff:6464:64c8]/ https://[100::1]/ https://[5f00::1]/ https://[4000::1]/ https://[1::1]/
    https://[e000::1]/ https://[::ffff:0:0]/ https://[::ffff:e000:1]/ https://[64:ff9b::]/
  `),
  finalDot: words(`
    https://hooks.example.com./ https://localhost./ https://metadata.google.internal./
    https://hooks.example.com../ https://./ https://../
  `),
  /** What is no name in DNS. */
  name: words(`
    https://hooks..example.com/ https://.example.com/ https://-hooks.example.com/ https://hooks-.example.com/
    https://ho_oks.example.com/ https://hooks.example.com,evil.example.net/ https://hooks'.example.com/
    https://(hooks).example.com/ https://*.example.com/ https://$host.example.com/ https://hooks;.example.com/
    https://hooks&.example.com/ https://a=b.example.com/ https://hooks!.example.com/ https://+.example.com/
    https://~hooks.example.com/ https://127.0.0.1.0xg0/ https://169.254.169.254hooks/ https://10.0.0.1x/
    https://hooks.example.4com/
  `),
  /** What the WHATWG parser rejects. */
  invalid: words(`
    https://hooks.example.com%00/ https://hooks%20.example.com/ https://256.256.256.256/ https://1.2.3.4.5/
    https://hooks.example.1/ https://0x100000000/ https://4294967296/ https://1.2.3.0x100/ https://09.1.1.1/
    https://[::g]/ https://[1]/ https://[]/ https://[::1%25eth0]/ https://[fe80::1%eth0]/ https://[v1.x]/
    https://[127.0.0.1]/ https://%/ https://%zz.example.com/ https://hooks%23.example.com/
    https://hooks%3a443.example.com/ https://hooks%2f.example.com/ https://hooks%40evil.example.net/
    https://xn--.example.com/ https://xn--a.example.com/
  `),
};

/** URLs that a receiver may have. */
export const GOOD_URLS = words(`
  https://hooks.example.com https://hooks.example.com/ https://HOOKS.Example.COM/terra
  https://hooks.example.com:443/ https://hooks.example.com:8443/x
  https://hooks.example.com/a/b?token=abc&x=%20%2F https://hooks.example.com?x https://a-b.c0.example.co.uk/
  https://xn--bcher-kva.example.com/ https://8.8.8.8/ https://8.8.8.8:8443/ https://[2606:4700:4700::1111]/
  https://[64:ff9b::808:808]/ https://1.1.1.1.example.com/ https://127.0.0.1.nip.io/
  https://localhost.example.com/ https://internal.example.com/ https://0x7f.example.com/ https://100.63.255.255/
  https://100.128.0.1/ https://172.15.255.255/ https://172.32.0.1/ https://192.167.255.255/ https://11.0.0.1/
  https://126.255.255.255/ https://223.255.255.255/ https://hooks.example.com/!$&'()*+,;=:@[]
  HTTPS://hooks.example.com/
  https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com/
`);
