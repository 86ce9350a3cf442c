import { Body, Controller, Get, Injectable, Param, Post } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { ConnectionsService, ConnectSessionsService } from 'terra-connect';
import { Column, Entity, PrimaryGeneratedColumn, Repository } from 'typeorm';

/** An entity of the host, which TypeORM synchronizes. */
@Entity('devices')
export class Device {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  guest: string;
}

@Injectable()
export class DevicesService {
  constructor(
    @InjectRepository(Device) private readonly devices: Repository<Device>,
    private readonly sessions: ConnectSessionsService,
    private readonly connections: ConnectionsService,
  ) {}

  async connect(guest: string): Promise<{ url: string }> {
    await this.devices.save({ guest });
    const { session } = await this.sessions.create({ referenceId: guest }, { idempotencyKey: guest });
    return { url: this.sessions.connectUrlOf(session) };
  }

  async list(guest: string): Promise<{ asked: number; providers: string[] }> {
    const { items } = await this.connections.list({ referenceId: guest, limit: 10 });
    return {
      asked: await this.devices.countBy({ guest }),
      providers: items.map(({ provider }) => provider),
    };
  }
}

@Controller('devices')
export class DevicesController {
  constructor(private readonly devices: DevicesService) {}

  @Post(':guest')
  connect(@Param('guest') guest: string): Promise<{ url: string }> {
    return this.devices.connect(guest);
  }

  @Get(':guest')
  list(@Param('guest') guest: string): Promise<{ asked: number; providers: string[] }> {
    return this.devices.list(guest);
  }
}

/** The path of this route ends with that of the webhook route. */
@Controller('partners/webhooks/terra')
export class PartnersController {
  @Post()
  receive(@Body() body: object): object {
    return body;
  }
}
