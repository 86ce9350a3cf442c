import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SessionPersonalData } from '../connect-sessions';
import { ConnectionPersonalData } from '../connections';
import {
  EXPORT_SECTIONS,
  type DataSubject,
  type ErasureRequest,
  type ExportSections,
  type PersonalData,
  type PruneRule,
} from '../database';
import { EventsPersonalData } from '../events';
import { SweepPersonalData } from '../reconciliation';
import { WebhookPersonalData } from '../webhooks';
import { ErasurePersonalData } from './erasure-personal-data.service';

/** Runs the personal-data contract of every module. Add a new module with rows about end users here. */
@Injectable()
export class PersonalDataRegistry {
  /** In the order of an erasure: rows that reference other rows come first. */
  readonly all: readonly PersonalData[];

  constructor(
    sessions: SessionPersonalData,
    connections: ConnectionPersonalData,
    webhooks: WebhookPersonalData,
    events: EventsPersonalData,
    sweeps: SweepPersonalData,
    erasures: ErasurePersonalData,
  ) {
    this.all = [sessions, connections, webhooks, events, sweeps, erasures];
  }

  get pruneRules(): readonly PruneRule[] {
    return this.all.flatMap(({ pruneRules }) => pruneRules ?? []);
  }

  async beginErasure(manager: EntityManager, request: ErasureRequest): Promise<void> {
    for (const data of this.all) await data.beginErasure?.(manager, request);
  }

  /** The first obstacle of any module; null: the erasure can complete. */
  async erasureObstacle(manager: EntityManager, request: ErasureRequest): Promise<string | null> {
    for (const data of this.all) {
      const obstacle = await data.erasureObstacle?.(manager, request);
      if (obstacle) return obstacle;
    }
    return null;
  }

  /** Every row about the end user, by section of the export. */
  async exportRows(manager: EntityManager, subject: DataSubject): Promise<ExportSections> {
    let sections = Object.fromEntries(EXPORT_SECTIONS.map((name) => [name, []])) as unknown as ExportSections;
    for (const data of this.all) sections = { ...sections, ...(await data.exportRows(manager, subject)) };
    return sections;
  }

  /** @returns how many rows were deleted or pseudonymized, by kind */
  async erase(manager: EntityManager, subject: DataSubject): Promise<Record<string, number>> {
    let counts: Record<string, number> = {};
    for (const data of this.all) counts = { ...counts, ...(await data.erase(manager, subject)) };
    return counts;
  }
}
