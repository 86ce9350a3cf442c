import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createOpenApiDocument } from './app.openapi';
import { FACT_CAUSES, FACT_ORIGINS } from './connections';
import { EVENT_TYPES, TEST_EVENT_TYPE, type EventType } from './events';
import { VERSION } from './version';

type Schema = Record<string, unknown>;
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Record<string, Schema>, optional: string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const text = (description: string): Schema => ({ type: 'string', description });
const textOrNull = (description: string): Schema => ({ type: ['string', 'null'], description });
const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });

/** What an event of each type means, and the schema of its data. A new type does not compile without a row. */
const EVENTS: Record<
  Exclude<EventType, `data.${string}`> | typeof TEST_EVENT_TYPE,
  { summary: string; data: string }
> = {
  'connection.connected': { summary: 'An end user connected an account.', data: 'ConnectionChange' },
  'connection.reconnected': {
    summary:
      'The end user connected the account again: the connection has another Terra user, or is active again.',
    data: 'ConnectionChange',
  },
  'connection.needs_reauth': {
    summary: 'The end user must connect the account again.',
    data: 'ConnectionChange',
  },
  'connection.recovered': { summary: 'The provider accepts Terra again.', data: 'ConnectionChange' },
  'connection.scopes_changed': { summary: 'The end user changed the permissions.', data: 'ConnectionChange' },
  'connection.disconnecting': {
    summary: 'A caller or the service requested the end.',
    data: 'ConnectionChange',
  },
  'connection.disconnected': { summary: 'The connection has ended.', data: 'ConnectionChange' },
  'connection.moved': { summary: 'Another end user has connected the account.', data: 'ConnectionChange' },
  'connection.merged': {
    summary: 'The connection turned out to be the same account as another one, `mergedInto`.',
    data: 'ConnectionChange',
  },
  'connect_session.completed': { summary: 'A session led to a connection.', data: 'SessionEnd' },
  'connect_session.failed': { summary: 'An attempt to connect failed.', data: 'SessionEnd' },
  'connect_session.cancelled': { summary: 'The end user declined.', data: 'SessionEnd' },
  'connect_session.expired': { summary: 'The end user did not finish in time.', data: 'SessionEnd' },
  'end_user.erased': {
    summary: 'The service has erased an end user. Erase the end user, too.',
    data: 'ErasedEndUser',
  },
  'endpoint.disabled': {
    summary: 'The service stopped to deliver to an endpoint.',
    data: 'DisabledEndpoint',
  },
  [TEST_EVENT_TYPE]: {
    summary:
      'A test that you have asked for (`POST /v1/webhook-endpoints/{id}/test`). It reaches webhook endpoints only, and has no place in the order.',
    data: 'TestedEndpoint',
  },
};

const DESCRIPTION = `
The events that Terra Connect sends to your services, in the JSON format of CloudEvents 1.0. Read them from
\`GET /v1/events\`, receive them as webhooks, or consume them from NATS JetStream: an event is the same on each way.

An event may come more than once: recognise it by \`id\`. The events of one end user (\`subject\`) come in their order; their
\`sequence\` grows. \`time\` is when it happened, which may be earlier than that of the event before.`.trim();

/** Describes the events for code generators and readers, from the same types as the code. */
export function createAsyncApiDocument(app: INestApplication): Schema {
  const types = ([...EVENT_TYPES, TEST_EVENT_TYPE] as const).map((type) => [type, messageOf(type)] as const);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Terra Connect events', version: VERSION, description: DESCRIPTION },
    defaultContentType: 'application/json',
    channels: {
      events: {
        address: null,
        description: 'The log of events, a webhook endpoint, or a subject of NATS JetStream.',
        messages: Object.fromEntries(
          types.map(([type]) => [type, { $ref: `#/components/messages/${type}` }]),
        ),
      },
    },
    operations: {
      sendEvent: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        summary: 'The service sends an event when the change that it tells is committed.',
      },
    },
    components: { messages: Object.fromEntries(types), schemas: schemasFrom(createOpenApiDocument(app)) },
  };
}

/** Serves the document at `/asyncapi.json`. The first request builds it. */
export function serveAsyncApi(app: NestFastifyApplication): void {
  let body: string | null = null;
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/asyncapi.json', (_request, reply) => {
    body ??= JSON.stringify(createAsyncApiDocument(app));
    return reply.type('application/json; charset=utf-8').send(body);
  });
}

const DATA_REFERENCE: Schema = {
  type: 'string',
  format: 'uri',
  description:
    'Through NATS, in place of `data` if the event is too large for a message: `GET` this URL with an API key to get the data.',
};

function messageOf(type: EventType | typeof TEST_EVENT_TYPE): Schema {
  const { summary, data } =
    type in EVENTS
      ? EVENTS[type as keyof typeof EVENTS]
      : { summary: `Terra's \`${type.slice('data.'.length)}\` event, unchanged.`, data: 'TerraData' };
  const envelope = {
    specversion: { type: 'string', const: '1.0' },
    id: { type: 'string', format: 'uuid', description: 'The same on every way out of the service.' },
    type: { type: 'string', const: type },
    source: { type: 'string', format: 'uri', description: 'The public URL of the service.' },
    subject: text('Your id of the end user; absent if the event is about none.'),
    time: time('When it happened.'),
    datacontenttype: { type: 'string', const: 'application/json' },
    sequence: { type: 'string', pattern: '^[0-9]{19}$', description: 'Texts sort like the events.' },
    data: ref(data),
    // Only events with health data can be larger than a message of NATS.
    ...(data === 'TerraData' ? { dataref: DATA_REFERENCE } : {}),
  };
  return {
    name: type,
    title: type,
    summary,
    contentType: 'application/json',
    payload: {
      ...object(envelope, ['subject', ...optionalIn(type)]),
      ...(data === 'TerraData' ? { oneOf: [{ required: ['data'] }, { required: ['dataref'] }] } : {}),
    },
  };
}

/** The attributes that some events of the type do not have. */
function optionalIn(type: EventType | typeof TEST_EVENT_TYPE): string[] {
  if (type === TEST_EVENT_TYPE) return ['sequence'];
  return type.startsWith('data.') ? ['data', 'dataref'] : [];
}

function schemasFrom({ components }: OpenAPIObject): Record<string, Schema> {
  const connection = toJsonSchema(components?.schemas?.ConnectionDto) as Schema;
  const sessionStatuses = ['completed', 'failed', 'cancelled', 'expired'];
  return {
    Connection: connection,
    ConnectionChange: object(
      {
        connection: { allOf: [ref('Connection')], description: 'The connection as it is after the change.' },
        previous: {
          oneOf: [ref('Connection'), { type: 'null' }],
          description: 'The connection before the change; null if your services did not know it.',
        },
        mergedInto: text('Id of the connection that has the account; only in `connection.merged`.'),
        cause: {
          type: ['string', 'null'],
          enum: [...FACT_CAUSES, null],
          description: 'What led to the change.',
        },
        origin: {
          type: ['string', 'null'],
          enum: [...FACT_ORIGINS, null],
          description: 'Who caused the change.',
        },
        actor: textOrNull('The API key or the part of the service that requested it.'),
        reason: textOrNull('The reason that was given.'),
      },
      ['mergedInto'],
    ),
    SessionEnd: object({
      session: object({
        id: { type: 'string', format: 'uuid' },
        status: { type: 'string', enum: sessionStatuses },
        referenceId: text('Your id of the end user.'),
        providers: { type: 'array', items: { type: 'string' } },
        connectionId: textOrNull('The connection that the session was to reconnect.'),
        metadata: { type: ['object', 'null'], description: 'Your metadata of the session.' },
        failureReason: textOrNull('Why the service ended the session.'),
        providerReason: textOrNull('Why the attempt failed, in words from outside.'),
        connectionIds: {
          type: 'array',
          items: { type: 'string' },
          description: 'The connections that it led to.',
        },
        createdAt: time('When the session was created.'),
        endedAt: { type: ['string', 'null'], format: 'date-time', description: 'When it ended.' },
      }),
    }),
    ErasedEndUser: object({ referenceId: text('Your id of the end user.') }),
    DisabledEndpoint: object({
      endpointId: { type: 'string', format: 'uuid', description: 'Id of the webhook endpoint.' },
      description: textOrNull('Your description of the endpoint.'),
      reason: text('Why the service stopped: `gone` (it answered 410) or `failing` (for five days).'),
      failingSince: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'Since when it has accepted no event; null if it had not failed before.',
      },
    }),
    TestedEndpoint: object({
      endpointId: { type: 'string', format: 'uuid', description: 'Id of the webhook endpoint.' },
    }),
    TerraData: object(
      {
        referenceId: textOrNull(
          'Your id of the end user; null for a pointer of Terra that names no Terra user.',
        ),
        connectionId: textOrNull('Id of the connection; null like `referenceId`.'),
        terraUserId: textOrNull("Terra's id of its user; null like `referenceId`."),
        provider: textOrNull('The provider; null if Terra names none.'),
        terraType: text("Terra's type of the event."),
        payload: { description: "Terra's body as it came. `GET /v1/events` leaves it out." },
      },
      ['payload'],
    ),
  };
}

/** Converts a schema of OpenAPI 3.0, which says `nullable`, into JSON Schema. */
function toJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, example, ...rest } = value as Schema;
  const converted = Object.fromEntries(
    Object.entries(rest).map(([key, inner]) => [key, toJsonSchema(inner)]),
  );
  if (nullable === true && typeof converted.type === 'string') converted.type = [converted.type, 'null'];
  return example === undefined ? converted : { ...converted, examples: [example] };
}
