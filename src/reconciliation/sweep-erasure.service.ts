import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PersonIds } from '../connections';
import type { SweepFinding } from './sweep-finding.entity';
import { SweepRepository } from './sweep.repository';

/** What erasure and export need of this room. All of it runs inside the caller's transaction. */
@Injectable()
export class SweepErasureService {
  constructor(private readonly repository: SweepRepository) {}

  /** What a sweep has read of somebody it may write down after they were erased. */
  isRunning(manager: EntityManager): Promise<boolean> {
    return this.repository.isRunning(manager);
  }

  findingsOf(manager: EntityManager, person: PersonIds): Promise<SweepFinding[]> {
    return this.repository.findingsOf(manager, person);
  }

  /** No sweep may be running. @returns how many findings were deleted */
  erase(manager: EntityManager, person: PersonIds): Promise<number> {
    return this.repository.forget(manager, person);
  }
}
