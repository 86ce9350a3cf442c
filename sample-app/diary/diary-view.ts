import type { Page } from '../../sandbox/pages/html';
import type { Banner } from '../banner';
import { NO_DEVICES, readDevices } from '../devices';
import { devicesSection } from '../devices-section';
import { SERVICE_UNAVAILABLE } from '../error-text';
import type { Subscription } from '../events/subscription';
import { diaryPage } from '../pages';
import type { EndUser } from '../sign-in';
import { ServiceRejectedError, type TerraConnectClient } from '../terra-connect-client';
import type { Diary } from './diary';
import { diaryEntries } from './diary-section';

/** What an end user sees: the diary of this app, and the devices that the service knows at this moment. */
export class DiaryView {
  constructor(
    private readonly terraConnect: TerraConnectClient,
    private readonly diary: Diary,
    private readonly subscription: Subscription,
  ) {}

  /** If the service is unavailable, a banner replaces the device list. */
  async page(user: EndUser, banner: Banner | null): Promise<{ page: Page; status: number }> {
    const content = {
      entries: this.diary.entriesOf(user.referenceId),
      noDataBecause: this.subscription.rejection,
    };
    try {
      const devices = await readDevices(this.terraConnect, user);
      return { page: diaryPage(user, { ...content, devices }, banner), status: 200 };
    } catch (error) {
      if (error instanceof ServiceRejectedError) throw error;
      const unavailable: Banner = { tone: 'bad', text: SERVICE_UNAVAILABLE };
      return { page: diaryPage(user, { ...content, devices: NO_DEVICES }, unavailable), status: 503 };
    }
  }

  /** The parts of the page that change while it is open, as HTML by their ids. */
  async parts(user: EndUser): Promise<Record<string, string>> {
    const devices = await readDevices(this.terraConnect, user);
    const entries = this.diary.entriesOf(user.referenceId);
    return {
      diary: diaryEntries(entries, devices.endedIds).text,
      devices: devicesSection(devices).text,
    };
  }
}
