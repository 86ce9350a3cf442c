import { Injectable } from '@nestjs/common';
import { ConnectSessionMaintenanceRepository } from './connect-session-maintenance.repository';

/** How long this room keeps what nobody needs any more. */
@Injectable()
export class SessionRetentionService {
  constructor(private readonly repository: ConnectSessionMaintenanceRepository) {}

  /** @returns how many sessions that ended that long ago were deleted, at most `limit` */
  deleteEnded(before: Date, limit: number): Promise<number> {
    return this.repository.deleteEnded(before, limit);
  }
}
