import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describeLanguageProblem } from '../language-tag';

@ValidatorConstraint({ name: 'isLanguageTag' })
export class IsLanguageTag implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return describeLanguageProblem(value) === null;
  }
  defaultMessage({ value }: ValidationArguments): string {
    return describeLanguageProblem(value) ?? '';
  }
}
