import { ADMIN_KEY, type ApiOptions, type TestApp } from './app';
import { stateOf } from './flow';
import { sendRaw, type RawRequest } from './raw-http';

export interface ProblemBody extends Record<string, unknown> {
  status: number;
  code: string;
  errors?: { field: string; detail: string }[];
}

/** Runs a call and checks that it changes no row and sends no request to Terra. */
export async function expectNoEffect<T>(service: TestApp, call: () => Promise<T>): Promise<T> {
  const before = await stateOf(service);
  const callsBefore = callsToTerra(service);
  const answer = await call();
  expect(await stateOf(service)).toEqual(before);
  expect(callsToTerra(service)).toBe(callsBefore);
  return answer;
}

/** Calls the API with the admin key, and checks that the answer is a problem document and that the call has no effect. */
export async function refusal(
  service: TestApp,
  method: string,
  path: string,
  options?: ApiOptions,
): Promise<ProblemBody> {
  const answer = await expectNoEffect(service, () => service.api<ProblemBody>(method, path, options));
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body.status).toBe(answer.status);
  return answer.body;
}

/** Like `refusal`, for requests that `fetch` cannot send. */
export async function rawRefusal(
  service: TestApp,
  path: string,
  request: RawRequest = {},
): Promise<ProblemBody> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, ...request.headers };
  const answer = await expectNoEffect(service, () => sendRaw(service.url, path, { ...request, headers }));
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json.status).toBe(answer.status);
  return answer.json as ProblemBody;
}

/** The problem document of an invalid field, for `toMatchObject`. */
export function invalidField(field: string): object {
  return { status: 422, code: 'request.invalid', errors: [expect.objectContaining({ field })] };
}

// Leaves out the reads of the provider catalogue: every request that names a provider can cause one, and they change
// nothing.
function callsToTerra({ sandbox }: TestApp): number {
  return sandbox.requests.filter(({ path }) => !path.includes('/integrations')).length;
}
