import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  private?: boolean;
  license?: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const readJson = <Content>(name: string): Content =>
  JSON.parse(readFileSync(join(__dirname, '..', name), 'utf8')) as Content;

describe('package.json', () => {
  const manifest = readJson<Manifest>('package.json');
  const service = readJson<Manifest>('service/package.json');
  const lock = readJson<{ packages: Record<string, { resolved?: string; link?: boolean }> }>(
    'package-lock.json',
  );

  it('describes a package that can be published, and that has no licence yet', () => {
    expect(manifest.private).toBeUndefined();
    expect(manifest.license).toBe('UNLICENSED');
  });

  it("leaves to the host every package of which a second copy would break the host's", () => {
    const shared = /^(@nestjs\/(?!axios$)|typeorm$|pg$|rxjs$|reflect-metadata$|class-)/;
    expect(Object.keys(manifest.dependencies).filter((name) => shared.test(name))).toEqual([]);
    // The client of NATS is only for hosts that use it.
    const peers = Object.keys(manifest.peerDependencies).filter((name) => !name.startsWith('@nats-io/'));
    expect(peers.filter((name) => shared.test(name))).toEqual(peers);
  });

  it('gives production every peer, in the versions that the tests use', () => {
    const inProduction = Object.keys(service.dependencies);
    // The service runs on Fastify.
    const peers = Object.keys(manifest.peerDependencies).filter(
      (name) => name !== '@nestjs/platform-express',
    );
    expect(inProduction).toEqual(expect.arrayContaining(peers));
    // A version that differs from that of the tests would be installed a second time, in this folder.
    expect(Object.keys(lock.packages).filter((path) => path.startsWith('service/node_modules/'))).toEqual([]);
  });

  it('locks packages without the address of a registry', () => {
    const addresses = Object.values(lock.packages).filter(({ resolved, link }) => resolved && !link);
    expect(addresses).toEqual([]);
  });
});
