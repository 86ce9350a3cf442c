export { DiagnosisService } from './diagnosis.service';
export { DiagnosisDto } from './dto/diagnosis.dto';
export { EndUsersModule } from './end-users.module';
export { Erasure } from './erasure.entity';
export { ErasureWorker } from './erasure.worker';
export { ErasuresService } from './erasures.service';
export { ExportService, type EndUserExport } from './export.service';
