import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  startSession,
  type ConnectionAnswer,
} from './support/flow';

describe.each(['current', 'legacy'])(
  'The options of the widget, at the %s endpoint of Terra',
  (generation) => {
    let service: TestApp;
    beforeAll(async () => (service = await startTestApp({ TERRA_WIDGET_GENERATION: generation })));
    beforeEach(() => service.sandbox.reset());
    afterAll(() => service.close());

    /** The body of the last request for a widget session. */
    const sentToTerra = (): Record<string, unknown> =>
      service.sandbox.requests.findLast(({ path }) => /widget\/?session/i.test(path))?.body as Record<
        string,
        unknown
      >;
    const refused = async (body: Record<string, unknown>): Promise<unknown> => {
      const { status, body: problem } = await service.api('POST', '/v1/connect-sessions', { body });
      return { status, ...problem };
    };
    const connect = async (referenceId: string) => {
      service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
      await service.drainWebhooks();
      return (await connectionsOf(service, referenceId))[0] as ConnectionAnswer;
    };

    it('reach Terra as they were given, and come back with the session', async () => {
      const options = {
        useTerraAvengersApp: true,
        appleAppUrl: 'pulse://connected/apple',
        samsungAppUrl: 'pulse://connected/samsung',
        bypassFeedback: false,
      };
      const { id } = await startSession(service, options);
      expect(sentToTerra()).toMatchObject({
        use_terra_avengers_app: true,
        apple_app_url: 'pulse://connected/apple',
        samsung_app_url: 'pulse://connected/samsung',
        bypass_feedback: false,
      });
      expect(await readSession(service, id)).toMatchObject(options);
    });

    it('are left out when they are not given, and null means not given', async () => {
      await startSession(service, { bypassFeedback: null, connectedUids: null, appleAppUrl: null });
      expect(Object.keys(sentToTerra()).sort()).toEqual([
        'auth_failure_redirect_url',
        'auth_success_redirect_url',
        'reference_id',
      ]);
    });

    it.each(['appleAppUrl', 'samsungAppUrl'])(
      'T-04: lead to no app that RETURN_URLS does not list (%s)',
      async (field) => {
        for (const url of ['evil://connected', 'https://evil.example/', 'javascript:alert(1)'])
          expect(await refused({ referenceId: newReference(), [field]: url })).toMatchObject({
            status: 422,
            code: 'session.return_url_not_allowed',
            errors: [{ field }],
          });
      },
    );

    it.each([
      ['zh-Hans', 'zh-Hans', 'zh_cn'],
      ['zh_cn', 'zh-CN', 'zh_cn'],
      ['en-gb', 'en-GB', 'en'],
    ])('name the language as Terra does: %s', async (language, shown, sent) => {
      expect(await startSession(service, { language })).toMatchObject({ language: shown });
      expect(sentToTerra().language).toBe(sent);
    });

    it('show connections by their ids or their Terra users, each with its current Terra user', async () => {
      const referenceId = newReference();
      const { id, terraUserId: old } = await connect(referenceId);
      const { terraUserId } = await connect(referenceId);
      expect(terraUserId).not.toBe(old);
      const session = await startSession(service, { referenceId, connectedUids: [id, terraUserId, old] });
      expect(sentToTerra().connected_uids).toEqual([terraUserId]);
      expect(session).toMatchObject({ connectedUids: [terraUserId] });
    });

    it('T-05: show no connection of another end user, and none that has ended', async () => {
      const [referenceId, other] = [newReference(), newReference()];
      const [own, foreign] = [await connect(referenceId), await connect(other)];
      const detail = 'entry 2 is neither the id nor the Terra user of a connection of this end user in use';
      for (const unknown of [foreign.id, foreign.terraUserId, randomUUID(), 'x'])
        expect(await refused({ referenceId, connectedUids: [own.id, unknown] })).toMatchObject({
          status: 422,
          code: 'request.invalid',
          errors: [{ field: 'connectedUids', detail }],
        });
      await service.api('DELETE', `/v1/connections/${own.id}`);
      expect(await refused({ referenceId, connectedUids: [own.id] })).toMatchObject({ status: 422 });
    });
  },
);
