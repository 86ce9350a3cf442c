import type { ServerResponse } from 'node:http';
import type { EndUser } from '../sign-in';

/** The parts of a page that change, as HTML by their ids. */
type Parts = Record<string, string>;

const MAX_PAGES_OF_END_USER = 5;
const HEARTBEAT_MS = 15_000;
/** A browser that reads nothing gets no more than this. */
const MAX_UNREAD_BYTES = 1_000_000;

interface LivePage {
  user: EndUser;
  response: ServerResponse;
  /** What the page shows. */
  shown: Parts;
}

/** The pages that are open in browsers. Each has a stream of server-sent events, which brings the parts that change. */
export class LivePages {
  private readonly pages = new Set<LivePage>();
  /** End users whose parts are being read, with whether they have changed meanwhile. */
  private readonly reading = new Map<EndUser, { again: boolean }>();
  /** End users whose last read has failed. The next heartbeat reads again. */
  private readonly outdated = new Set<EndUser>();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(private readonly read: (user: EndUser) => Promise<Parts>) {
    // Proxies end silent connections, and only a write finds out that a browser is gone.
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  }

  /** Whether another page of the end user may open. */
  hasRoomFor(user: EndUser): boolean {
    return this.of(user).length < MAX_PAGES_OF_END_USER;
  }

  /** Begins the stream of a page, with everything that it shows: a page that was cut off has missed nothing then. */
  open(user: EndUser, response: ServerResponse): void {
    const page = { user, response, shown: {} };
    this.pages.add(page);
    response.on('close', () => this.pages.delete(page));
    response.on('error', () => response.destroy());
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 2000\n\n');
    this.refresh(user);
  }

  /** Sends what has changed to every page of the end user. */
  refresh(user: EndUser): void {
    const running = this.reading.get(user);
    if (running) running.again = true;
    else if (this.of(user).length > 0) this.readAndSend(user).catch(console.error);
  }

  /** Sends something that is no lasting part of the page: the news, or a replacement for a banner. */
  tell(user: EndUser, name: string, text: string): void {
    for (const page of this.of(user)) send(page, name, text);
  }

  close(): void {
    clearInterval(this.heartbeat);
    for (const { response } of this.pages) response.end();
    this.pages.clear();
  }

  /** One read at a time for each end user, however many events arrive meanwhile. */
  private async readAndSend(user: EndUser): Promise<void> {
    const state = { again: false };
    this.reading.set(user, state);
    try {
      do {
        state.again = false;
        await this.sendParts(user);
      } while (state.again);
    } finally {
      this.reading.delete(user);
    }
  }

  private async sendParts(user: EndUser): Promise<void> {
    this.outdated.delete(user);
    try {
      const parts = await this.read(user);
      for (const page of this.of(user)) sendChanges(page, parts);
    } catch {
      this.outdated.add(user);
    }
  }

  private beat(): void {
    for (const { response } of this.pages) response.write(': heartbeat\n\n');
    for (const user of this.outdated) this.refresh(user);
  }

  private of(user: EndUser): LivePage[] {
    return [...this.pages].filter((page) => page.user === user);
  }
}

function sendChanges(page: LivePage, parts: Parts): void {
  for (const [id, html] of Object.entries(parts)) {
    if (page.shown[id] === html) continue;
    page.shown[id] = html;
    send(page, id, html);
  }
}

function send({ response }: LivePage, name: string, text: string): void {
  if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  else response.write(`event: ${name}\ndata: ${JSON.stringify(text)}\n\n`);
}
