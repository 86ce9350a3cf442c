import { becomesTrue } from '../../local/waiting';

interface StreamEvent {
  name: string;
  data: string;
}

/** A stream of server-sent events, as a browser reads it. */
export interface EventStream {
  status: number;
  events: StreamEvent[];
  /** Waits until an event of the name has the text, or matches. @returns its data */
  has: (name: string, text: string | RegExp) => Promise<string>;
  /** How the stream ended. */
  ended: Promise<'in order' | 'cut off'>;
  close: () => void;
}

export async function openEventStream(url: string, headers: Record<string, string>): Promise<EventStream> {
  const abort = new AbortController();
  const answer = await fetch(url, { headers, signal: abort.signal });
  const events: StreamEvent[] = [];
  const has = async (name: string, text: string | RegExp): Promise<string> => {
    const find = (): StreamEvent | undefined =>
      events.find(({ name: own, data }) => own === name && data.search(text) >= 0);
    if (await becomesTrue(() => find() !== undefined, 20_000)) return find()!.data;
    throw new Error(`No event ${name} has ${text}: ${JSON.stringify(events)}`);
  };
  return { status: answer.status, events, has, ended: readAll(answer, events), close: () => abort.abort() };
}

async function readAll(answer: Response, events: StreamEvent[]): Promise<'in order' | 'cut off'> {
  let text = '';
  try {
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, name, data] = /^event: ([\w-]+)\ndata: (.*)$/.exec(block) ?? [];
        if (name && data) events.push({ name, data: JSON.parse(data) as string });
      }
    }
    return 'in order';
  } catch {
    return 'cut off';
  }
}
