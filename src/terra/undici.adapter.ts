import type { AxiosAdapter, AxiosResponse } from 'axios';
import { Agent, request, type Dispatcher } from 'undici';

export interface HttpDeadlines {
  connectMs: number;
  /** The longest wait for the headers of the answer, and the longest pause within its body. */
  answerMs: number;
  maxBodyBytes: number;
}

/**
 * Creates an axios adapter that sends through undici, which has a deadline for connecting and costs less than half as
 * much per call as Node's own client. It returns answers of every status as text; errors keep undici's code.
 */
export function undiciAdapter(deadlines: HttpDeadlines): {
  adapter: AxiosAdapter;
  close: () => Promise<void>;
} {
  const agent = new Agent({
    connect: { timeout: deadlines.connectMs },
    headersTimeout: deadlines.answerMs,
    bodyTimeout: deadlines.answerMs,
    connections: 64,
    pipelining: 1,
  });
  const adapter: AxiosAdapter = async (config) => {
    const { statusCode, headers, body } = await request(config.url ?? '', {
      dispatcher: agent,
      method: (config.method ?? 'get').toUpperCase(),
      headers: config.headers.toJSON() as Record<string, string>,
      body: (config.data as string | undefined) ?? null,
      signal: config.signal as AbortSignal | undefined,
    });
    const response: AxiosResponse = {
      data: await readText(body, deadlines.maxBodyBytes),
      status: statusCode,
      statusText: '',
      headers,
      config,
    };
    return response;
  };
  return { adapter, close: () => agent.close() };
}

async function readText(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the socket, so undici does not read the rest.
    if (size > maxBytes)
      throw Object.assign(new Error("Terra's answer is too large."), { code: 'ANSWER_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
