/** Every operation that needs no key. Each new operation must have a scope, or must be added here on purpose. */
export const PUBLIC_OPERATIONS = [
  'get /connect/result',
  'get /connect/return/{nonce}/failure',
  'get /connect/return/{nonce}/success',
  'get /connect/{token}',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
  'post /connect/{token}',
  'post /webhooks/terra',
];
/** The problem codes that every operation with a key has to document. */
const COMMON_PROBLEMS = [
  'auth.missing_key',
  'auth.invalid_key',
  'auth.missing_scope',
  'request.malformed',
  'rate_limit.exceeded',
  'internal',
  'database.unavailable',
];
const HEADERS_OF_STATUS: Record<string, string[]> = {
  302: ['Location'],
  303: ['Location'],
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  503: ['Retry-After'],
  504: ['Retry-After'],
};

interface Reference {
  $ref?: string;
}
export interface Schema extends Reference {
  type?: string;
  description?: string;
  example?: unknown;
  pattern?: string;
  nullable?: boolean;
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
export interface Header extends Reference {
  description?: string;
  required?: boolean;
  schema?: Schema;
}
interface Parameter extends Header {
  name: string;
  in: string;
}
export interface Response {
  description?: string;
  headers?: Record<string, Header>;
  content?: Record<string, Media>;
}
export interface Operation {
  summary?: string;
  operationId?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  'x-required-scope'?: string;
  parameters?: Parameter[];
  requestBody?: { description?: string; content: Record<string, Media> };
  responses: Record<string, Response>;
}
export interface Document {
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    headers: Record<string, Header>;
    securitySchemes: Record<string, { bearerFormat?: string; description?: string }>;
  };
}

/** What the document does not describe, or describes twice: one line each. */
export function findGaps(document: Document): string[] {
  const gaps: string[] = [];
  const need = (fine: unknown, gap: string): void => void (fine || gaps.push(gap));

  const checkSchema = (schema: Schema | undefined, at: string): void => {
    if (schema?.$ref)
      return need(resolve(document, schema.$ref), `${at}: the schema ${schema.$ref} does not exist`);
    need(isSpecific(schema), `${at}: the schema accepts anything`);
    need(isPortable(schema?.pattern ?? ''), `${at}: the pattern does not mean the same everywhere`);
    need(!schema?.nullable || (schema.enum ?? [null]).includes(null), `${at}: the enum has no null`);
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
    const { $ref, allOf, properties } = json.schema ?? {};
    need(
      $ref ?? allOf ?? (properties && Object.keys(properties).length > 0),
      `${at}: JSON without properties`,
    );
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
    if (PUBLIC_OPERATIONS.includes(name))
      need(!scope && security?.length === 0, `${name}: is public, but requires a key`);
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
    for (const media of Object.values(requestBody?.content ?? {}))
      need(Object.keys(media.examples ?? {}).length > 0, `${name} body: no example to try`);
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

export function* operationsOf({ paths }: Document): Generator<[operation: Operation, name: string]> {
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

/** Whether clients in JavaScript, with and without the flag `u`, and in Python read the pattern as we mean it. */
function isPortable(pattern: string): boolean {
  // Without `u`, `\p` is the letter p; Python's `\d`, `\w` and `\s` match the characters of all scripts.
  if (/\\[pPdDwWsSbBuc]|\(\?(?!:)/.test(pattern)) return false;
  try {
    return ['', 'u'].every((flags) => new RegExp(pattern, flags));
  } catch {
    return false;
  }
}

/** The problem codes in the description: each paragraph starts with one. */
function codesOf({ description = '' }: Response): string[] {
  return [...description.matchAll(/^`([a-z_]+(?:\.[a-z_]+)?)` /gm)].map(([, code = '']) => code);
}

function hasDuplicates(names: string[]): boolean {
  return new Set(names.map((name) => name.toLowerCase())).size < names.length;
}
