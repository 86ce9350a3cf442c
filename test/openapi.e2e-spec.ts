import { HttpException } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, type DomainErrorKind } from '../src/common';
import { toProblem } from '../src/http';
import {
  findGaps,
  operationsOf,
  PUBLIC_OPERATIONS,
  type Document,
  type Operation,
  type Response,
  type Schema,
} from './support/openapi-gaps';

const text = readFileSync(join(__dirname, '..', 'openapi.json'), 'utf8');
const read = (): Document => JSON.parse(text) as Document;

describe('openapi.json', () => {
  it('describes every route, parameter, schema, field, error and scope', () => {
    expect(findGaps(read())).toEqual([]);
  });

  it('lists every public operation, and declares that an API key is not a JWT', () => {
    const names = [...operationsOf(read())].map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(PUBLIC_OPERATIONS));
    expect(read().components.securitySchemes).toMatchObject({ bearer: { bearerFormat: 'API key' } });
  });

  it('has a twin with the reference id in the query for each route with the reference id in its path', () => {
    const operations = new Map([...operationsOf(read())].map(([operation, name]) => [name, operation]));
    const inPath = [...operations.keys()].filter((name) => name.includes('/{referenceId}'));
    expect(inPath.length).toBeGreaterThanOrEqual(5);
    for (const name of inPath) {
      const twin = operations.get(name.replace('/{referenceId}', ''));
      expect(twin?.parameters).toContainEqual(
        expect.objectContaining({ name: 'referenceId', in: 'query', required: true }),
      );
      expect(twin?.['x-required-scope']).toBe(operations.get(name)?.['x-required-scope']);
    }
  });

  it('shows each problem with the title that the service gives it', () => {
    class Failure extends DomainError {
      constructor(kind: DomainErrorKind) {
        super(kind, 'a.test', 'A test.');
      }
    }
    const kinds: DomainErrorKind[] = [
      ...(['malformed', 'unsupported', 'invalid', 'unauthorized', 'forbidden', 'not_found', 'gone'] as const),
      ...(['conflict', 'too_large', 'rate_limited', 'upstream', 'unavailable', 'timeout'] as const),
    ];
    const thrown = [
      ...kinds.map((kind) => new Failure(kind)),
      ...[400, 415, 500].map((status) => new HttpException('', status)),
    ];
    const titles = Object.fromEntries(
      thrown.map((error) => toProblem(error).body).map(({ status, title }) => [status, title]),
    );
    const shown = [...operationsOf(read())]
      .flatMap(([{ responses }]) => Object.values(responses))
      .flatMap(({ content }) => Object.values(content?.['application/problem+json']?.examples ?? {}));
    expect(shown.length).toBeGreaterThan(50);
    for (const { value } of shown) expect(value.title).toBe(titles[String(value.status)]);
  });
});

describe('The check of openapi.json', () => {
  const sessions = ({ paths }: Document): Operation => paths['/v1/connect-sessions']?.post as Operation;
  const created = (document: Document): Response => sessions(document).responses['201'] as Response;
  const unavailable = (document: Document): Response => sessions(document).responses['503'] as Response;
  const connection = ({ components }: Document): Schema => components.schemas.ConnectionDto as Schema;

  it.each<[what: string, gap: string, spoil: (document: Document) => unknown]>([
    ['an operation without a summary', 'no summary', (it) => delete sessions(it).summary],
    ['an operation without an operationId', 'no operationId', (it) => delete sessions(it).operationId],
    [
      'two operations with one operationId',
      'operationId twice',
      (it) => (sessions(it).operationId = 'Providers_list'),
    ],
    ['an operation without tags', 'no tags', (it) => (sessions(it).tags = [])],
    ['a tag without a description', 'has no description', (it) => sessions(it).tags?.push('Other')],
    ['an operation without a scope', 'no x-required-scope', (it) => delete sessions(it)['x-required-scope']],
    ['an operation without security', 'no security', (it) => delete sessions(it).security],
    [
      'a new operation without a scope',
      'no x-required-scope',
      (it) => (it.paths['/new'] = { get: { ...sessions(it), 'x-required-scope': undefined } }),
    ],
    [
      'a public operation that requires a key',
      'is public, but requires',
      (it) => Object.assign(it.paths['/metrics']?.get as Operation, { security: [{ bearer: [] }] }),
    ],
    [
      'a parameter without a description',
      'no description',
      (it) => delete sessions(it).parameters?.[0]?.description,
    ],
    [
      'a parameter that accepts anything',
      'accepts anything',
      (it) => Object.assign(sessions(it).parameters?.[0] ?? {}, { schema: {} }),
    ],
    [
      'a header parameter that occurs twice',
      'a parameter twice',
      (it) =>
        sessions(it).parameters?.push({
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Again.',
          schema: { type: 'string' },
        }),
    ],
    ['an answer without a description', 'no description', (it) => (created(it).description = '')],
    [
      'an answer without a required header',
      'no Retry-After',
      (it) => delete unavailable(it).headers?.['Retry-After'],
    ],
    [
      'an answer header that occurs twice',
      'a header twice',
      (it) =>
        Object.assign(created(it).headers ?? {}, {
          'x-request-id': { $ref: '#/components/headers/X-Request-Id' },
        }),
    ],
    [
      'an answer header without a description',
      'no description',
      (it) => delete it.components.headers['X-Request-Id']?.description,
    ],
    [
      'a body without properties',
      'JSON without properties',
      (it) =>
        (sessions(it).requestBody = { content: { 'application/json': { schema: { type: 'object' } } } }),
    ],
    [
      'an answer without properties',
      'JSON without properties',
      (it) => (created(it).content = { 'application/json': { schema: { type: 'object', properties: {} } } }),
    ],
    [
      'an answer that accepts anything',
      'the schema accepts anything',
      (it) => (created(it).content = { 'application/json': { schema: {} } }),
    ],
    [
      'a pattern that needs the flag u',
      'the pattern does not mean the same everywhere',
      (it) => (connection(it).properties!.provider!.pattern = '^\\P{Cc}+$'),
    ],
    [
      'a nullable enum without null',
      'ConnectionDto.statusReason: the enum has no null',
      (it) => connection(it).properties?.statusReason?.enum?.pop(),
    ],
    [
      'a body without an example',
      'no example to try',
      (it) => delete sessions(it).requestBody?.content['application/json']?.examples,
    ],
    [
      'a reference to a missing schema',
      'does not exist',
      (it) => delete it.components.schemas.ConnectSessionDto,
    ],
    [
      'a schema without a description',
      'ConnectionDto: no description',
      (it) => delete connection(it).description,
    ],
    [
      'a field without a description',
      'ConnectionDto.provider: no description',
      (it) => delete connection(it).properties?.provider?.description,
    ],
    [
      'a field that accepts anything',
      'ConnectionDto.provider: the schema accepts anything',
      (it) => Object.assign(connection(it).properties ?? {}, { provider: { description: 'A provider.' } }),
    ],
    [
      'a list whose items accept anything',
      'ConnectionDto.scopes[]: the schema accepts anything',
      (it) => Object.assign(connection(it).properties?.scopes ?? {}, { items: {} }),
    ],
    [
      'an error that is neither a problem nor a page',
      'neither a problem nor a page',
      (it) => delete unavailable(it).content,
    ],
    [
      'a problem without an example',
      'no example of database.unavailable',
      (it) =>
        delete unavailable(it).content?.['application/problem+json']?.examples?.['database.unavailable'],
    ],
    [
      'an example whose code the description omits',
      'is not in the description',
      (it) => (unavailable(it).description = '`terra.unavailable` Terra cannot be reached.'),
    ],
    [
      'an operation that does not document internal errors',
      'does not document internal',
      (it) => delete sessions(it).responses['500'],
    ],
  ])('reports %s', (_what, gap, spoil) => {
    const document = read();
    spoil(document);
    expect(findGaps(document).join('\n')).toContain(gap);
  });
});
