import { HttpException } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError, type DomainErrorKind } from '../src/common';
import { toProblem } from '../src/http';

/** Every operation that needs no key. Each new operation must have a scope, or must be added here on purpose. */
const PUBLIC_OPERATIONS = [
  'get /connect/result',
  'get /connect/return/{nonce}/failure',
  'get /connect/return/{nonce}/success',
  'get /connect/{token}',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'post /webhooks/terra',
];
/** The problem codes that every operation with a key has to document. */
const COMMON_PROBLEMS = [
  'auth.missing_key',
  'auth.invalid_key',
  'auth.missing_scope',
  'request.malformed',
  'internal',
  'database.unavailable',
];
const HEADERS_OF_STATUS: Record<string, string[]> = {
  302: ['Location'],
  303: ['Location'],
  401: ['WWW-Authenticate'],
  503: ['Retry-After'],
};

interface Reference {
  $ref?: string;
}
interface Schema extends Reference {
  type?: string;
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
}
interface Media {
  schema?: Schema;
  examples?: Record<string, { value: Problem }>;
}
interface Problem {
  title?: string;
  status?: number;
  code?: string;
}
interface Header extends Reference {
  description?: string;
  schema?: Schema;
}
interface Parameter extends Header {
  name: string;
  in: string;
}
interface Response {
  description?: string;
  headers?: Record<string, Header>;
  content?: Record<string, Media>;
}
interface Operation {
  summary?: string;
  operationId?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  'x-required-scope'?: string;
  parameters?: Parameter[];
  requestBody?: { description?: string; content: Record<string, Media> };
  responses: Record<string, Response>;
}
interface Document {
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    headers: Record<string, Header>;
    securitySchemes: Record<string, { bearerFormat?: string; description?: string }>;
  };
}

/** The gaps in the document, one line each. */
function findGaps(document: Document): string[] {
  const gaps: string[] = [];
  const need = (fine: unknown, gap: string): void => void (fine || gaps.push(gap));

  const checkSchema = (schema: Schema | undefined, at: string): void => {
    if (schema?.$ref)
      return need(resolve(document, schema.$ref), `${at}: the schema ${schema.$ref} does not exist`);
    need(isSpecific(schema), `${at}: the schema accepts anything`);
    for (const [name, property] of Object.entries(schema?.properties ?? {})) {
      need(property.$ref ?? property.description, `${at}.${name}: no description`);
      checkSchema(property, `${at}.${name}`);
    }
    if (schema?.items) checkSchema(schema.items, `${at}[]`);
    if (typeof schema?.additionalProperties === 'object') checkSchema(schema.additionalProperties, `${at}.*`);
    schema?.allOf?.forEach((part) => checkSchema(part, at));
  };
  const checkHeader = (header: Header, at: string): void => {
    const found = header.$ref ? (resolve(document, header.$ref) as Header | undefined) : header;
    need(found?.description, `${at}: no description`);
    checkSchema(found?.schema, at);
  };
  const checkJson = (content: Record<string, Media> | undefined, at: string): void => {
    const json = content?.['application/json'];
    if (!json) return;
    const { $ref, properties } = json.schema ?? {};
    need($ref ?? (properties && Object.keys(properties).length > 0), `${at}: JSON without properties`);
  };
  const checkProblem = (response: Response, status: string, at: string): void => {
    if (Number(status) < 400) return;
    const { 'application/problem+json': problem, 'text/html': page } = response.content ?? {};
    need(problem ?? page, `${at}: neither a problem nor a page`);
    if (!problem) return;
    const codes = codesOf(response);
    need(codes.length > 0, `${at}: no code`);
    need(new Set(codes).size === codes.length, `${at}: a code twice`);
    for (const code of codes) {
      const value = problem.examples?.[code]?.value;
      need(value?.code === code && String(value.status) === status, `${at}: no example of ${code}`);
    }
    for (const code of Object.keys(problem.examples ?? {}))
      need(codes.includes(code), `${at}: ${code} is not in the description`);
  };

  for (const [operation, name] of operationsOf(document)) {
    const { summary, operationId, tags = [], security, parameters = [], requestBody, responses } = operation;
    need(summary, `${name}: no summary`);
    need(operationId, `${name}: no operationId`);
    need(tags.length > 0, `${name}: no tags`);
    for (const tag of tags)
      need(
        document.tags.find((known) => known.name === tag)?.description,
        `${name}: the tag ${tag} has no description`,
      );

    const scope = operation['x-required-scope'];
    if (PUBLIC_OPERATIONS.includes(name)) need(!scope && !security, `${name}: is public, but requires a key`);
    else {
      need(scope, `${name}: no x-required-scope, and not public`);
      need(
        security?.some((schemes) =>
          Object.keys(schemes).some((key) => document.components.securitySchemes[key]),
        ),
        `${name}: no security, and not public`,
      );
      const codes = Object.values(responses).flatMap(codesOf);
      for (const code of COMMON_PROBLEMS) need(codes.includes(code), `${name}: does not document ${code}`);
    }

    need(!hasDuplicates(parameters.map((one) => `${one.in} ${one.name}`)), `${name}: a parameter twice`);
    for (const parameter of parameters) checkHeader(parameter, `${name} ${parameter.in} ${parameter.name}`);
    checkJson(requestBody?.content, `${name} body`);
    for (const media of Object.values(requestBody?.content ?? {})) checkSchema(media.schema, `${name} body`);

    for (const [status, response] of Object.entries(responses)) {
      const at = `${name} ${status}`;
      need(response.description, `${at}: no description`);
      const headers = Object.keys(response.headers ?? {});
      need(!hasDuplicates(headers), `${at}: a header twice`);
      for (const header of ['X-Request-Id', ...(HEADERS_OF_STATUS[status] ?? [])])
        need(headers.includes(header), `${at}: no ${header}`);
      for (const [header, definition] of Object.entries(response.headers ?? {}))
        checkHeader(definition, `${at} ${header}`);
      if (status.startsWith('2')) checkJson(response.content, at);
      checkProblem(response, status, at);
      for (const media of Object.values(response.content ?? {})) checkSchema(media.schema, at);
    }
  }
  const ids = [...operationsOf(document)].map(([{ operationId }]) => operationId);
  need(new Set(ids).size === ids.length, 'an operationId twice');
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    need(schema.description, `${name}: no description`);
    checkSchema(schema, name);
  }
  return gaps;
}

function* operationsOf({ paths }: Document): Generator<[operation: Operation, name: string]> {
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) yield [operation, `${method} ${path}`];
}

function resolve(document: Document, reference: string): unknown {
  const [, ...keys] = reference.split('/');
  return keys.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    document,
  );
}

/** False for `{}`, for an object without properties and for a list without items: they accept anything. */
function isSpecific(schema: Schema | undefined): boolean {
  if (!schema) return false;
  if (schema.type === 'object') return Boolean(schema.properties ?? schema.additionalProperties);
  if (schema.type === 'array') return schema.items !== undefined;
  return Boolean(schema.type ?? schema.enum ?? schema.allOf);
}

/** The problem codes in the description: each paragraph starts with one. */
function codesOf({ description = '' }: Response): string[] {
  return [...description.matchAll(/^`([a-z_]+(?:\.[a-z_]+)?)` /gm)].map(([, code = '']) => code);
}

function hasDuplicates(names: string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size < names.length;
}

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
      ...(['malformed', 'unsupported', 'invalid', 'unauthorized', 'forbidden', 'not_found'] as const),
      ...(['gone', 'conflict', 'too_large', 'upstream', 'unavailable', 'timeout'] as const),
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
