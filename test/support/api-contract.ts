import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { FRAMEWORK_PROBLEM_CODES } from '../../src/http';
import { operationsOf, type Document, type Header, type Operation, type Schema } from './openapi-gaps';

/** An answer of the service, as it went out. */
export interface LiveAnswer {
  method: string;
  /** The path of the request without its query, as it was sent. */
  path: string;
  status: number;
  headers: OutgoingHttpHeaders;
  body: string;
}

// Headers of HTTP itself, and the headers of the browser's protection, which the service sends with every answer.
const UNDECLARED_HEADERS =
  /^(?:cache-control|connection|content-(?:length|type|security-policy)|cross-origin-.*|date|keep-alive|origin-agent-cluster|referrer-policy|transfer-encoding|vary|x-(?:content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|xss-protection))$/;
// The pages for people, which are not part of the API.
const PAGES = /^\/(?:$|docs|openapi\.json|asyncapi\.json)/;
// A request may get these at any route, before a route sees it. Routes declare the other codes of the framework.
const OUTSIDE_ROUTES = FRAMEWORK_PROBLEM_CODES.filter(
  (code) => !['request.malformed', 'request.too_large', 'request.unsupported_media_type'].includes(code),
);
// Terra adds fields to its events.
const OPEN_SCHEMAS = ['TerraEventDto', 'TerraEventUserDto'];

/**
 * Checks answers against openapi.json, strictly: an undeclared status, media type, header, member or problem code is a
 * problem, although a caller has to expect new members.
 */
export class ApiContract {
  private readonly ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
  private readonly routes: { method: string; pattern: RegExp; operation: Operation; name: string }[] = [];
  private readonly validators = new Map<Schema, ValidateFunction>();
  private readonly document: Document;

  constructor(document: Document) {
    this.document = closed(document);
    addFormats(this.ajv);
    this.ajv.addVocabulary(['example', 'components']);
    this.ajv.addSchema({ $id: 'openapi', components: this.document.components });
    for (const [operation, name] of operationsOf(this.document)) {
      const [method = '', template = ''] = name.split(' ');
      const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);
      this.routes.push({ method: method.toUpperCase(), pattern, operation, name });
    }
    // The route with the fewest parameters comes first: /v1/end-users/export before /v1/end-users/{referenceId}.
    this.routes.sort((a, b) => a.name.split('{').length - b.name.split('{').length);
  }

  static ofRepository(): ApiContract {
    const text = readFileSync(join(__dirname, '..', '..', 'openapi.json'), 'utf8');
    return new ApiContract(JSON.parse(text) as Document);
  }

  /** What the document does not say about the answer: one line each. */
  problemsOf(answer: LiveAnswer): string[] {
    const { path, status, headers } = answer;
    if (PAGES.test(path)) return [];
    const method = answer.method === 'HEAD' ? 'GET' : answer.method;
    const route = this.routes.find((one) => one.method === method && one.pattern.test(path));
    const { code = '' } = parsed(answer.body) as { code?: string };
    const problems =
      route && isDecodable(path) && !OUTSIDE_ROUTES.includes(code)
        ? this.problemsOfRoute(answer, route.operation)
        : FRAMEWORK_PROBLEM_CODES.includes(code) || answer.method === 'HEAD'
          ? this.invalid(answer, { $ref: '#/components/schemas/ProblemDto' })
          : ['no operation'];
    const at = `${answer.method} ${route?.name.split(' ')[1] ?? path} ${status}`;
    if (!headers['x-request-id']) problems.push('no x-request-id');
    return problems.map((problem) => `${at}: ${problem}`);
  }

  /** The examples of the document that its own schemas reject: one line each. */
  wrongExamples(): string[] {
    const wrong: string[] = [];
    const check = (schema: Schema | undefined, value: unknown, at: string): void => {
      if (!schema) return;
      for (const error of this.errorsOf(schema, value)) wrong.push(`${at}: ${error}`);
    };
    for (const [operation, name] of operationsOf(this.document)) {
      const bodies = [operation.requestBody, ...Object.values(operation.responses)];
      for (const { schema, examples = {} } of bodies.flatMap((one) => Object.values(one?.content ?? {})))
        for (const [key, { value }] of Object.entries(examples)) check(schema, value, `${name} ${key}`);
      for (const { schema, ...parameter } of operation.parameters ?? [])
        if (schema?.example !== undefined) check(schema, schema.example, `${name} ${parameter.name}`);
    }
    for (const [name, { properties = {} }] of Object.entries(this.document.components.schemas))
      for (const [key, property] of Object.entries(properties))
        if (property.example !== undefined) check(property, property.example, `${name}.${key}`);
    return wrong;
  }

  private problemsOfRoute(answer: LiveAnswer, { responses }: Operation): string[] {
    const response = responses[String(answer.status)];
    if (!response) return [`the status is not declared: ${answer.body.slice(0, 200)}`];
    const problems = this.problemsOfHeaders(answer, response.headers ?? {});
    if (answer.method === 'HEAD') return problems;
    const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? '';
    const { [type]: media, ...others } = response.content ?? {};
    if (!media) {
      const isEmpty = answer.body === '' && Object.keys(others).length === 0;
      return isEmpty ? problems : [...problems, `the media type "${type}" is not declared`];
    }
    if (!type.includes('json')) return problems;
    const { code } = parsed(answer.body) as { code?: string };
    if (media.examples && type === 'application/problem+json' && !(String(code) in media.examples))
      problems.push(`the code ${code} is not declared`);
    return [...problems, ...this.invalid(answer, media.schema)];
  }

  private problemsOfHeaders({ headers }: LiveAnswer, declared: Record<string, Header>): string[] {
    const names = new Map(Object.entries(declared).map(([name, header]) => [name.toLowerCase(), header]));
    const problems: string[] = [];
    for (const [name, value] of Object.entries(headers)) {
      const definition = names.get(name.toLowerCase());
      if (!definition) {
        if (!UNDECLARED_HEADERS.test(name.toLowerCase())) problems.push(`the header ${name} is not declared`);
        continue;
      }
      const { schema } = this.resolved(definition);
      const isNumber = schema?.type === 'integer' && /^\d+$/.test(String(value));
      for (const error of this.errorsOf(schema ?? {}, isNumber ? Number(value) : value))
        problems.push(`the header ${name}: ${error}`);
    }
    for (const [name, header] of names)
      if (this.resolved(header).required && !Object.keys(headers).some((one) => one.toLowerCase() === name))
        problems.push(`the header ${name} is missing`);
    return problems;
  }

  private resolved(header: Header): Header {
    const name = header.$ref?.split('/').at(-1) ?? '';
    return header.$ref ? (this.document.components.headers[name] ?? {}) : header;
  }

  private invalid({ method, body }: LiveAnswer, schema: Schema | undefined): string[] {
    return method === 'HEAD' ? [] : this.errorsOf(schema ?? {}, parsed(body));
  }

  private errorsOf(schema: Schema, value: unknown): string[] {
    let validate = this.validators.get(schema);
    if (!validate) {
      const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/');
      validate = this.ajv.compile(JSON.parse(text) as object);
      this.validators.set(schema, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

/** The document with schemas that accept no other members than those that they declare. */
function closed(document: Document): Document {
  const copy = structuredClone(document);
  const close = (schema: Schema): void => {
    if (schema.properties) schema.additionalProperties ??= false;
    for (const part of Object.values(schema.properties ?? {})) close(part);
    if (schema.items) close(schema.items);
  };
  for (const [name, schema] of Object.entries(copy.components.schemas))
    if (!OPEN_SCHEMAS.includes(name)) close(schema);
  return copy;
}

// The router rejects a path that it cannot decode, before any route sees it.
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
