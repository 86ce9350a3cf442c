export { DiagnosisModule } from './diagnosis.module';
export { DiagnosisService } from './diagnosis.service';
export { DiagnosisDto } from './dto/diagnosis.dto';
export type { DiagnosedEventDto } from './dto/diagnosis-events.dto';
