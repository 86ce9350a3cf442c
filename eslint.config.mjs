import tseslint from 'typescript-eslint';

const FORWARD_REF = {
  selector: "ImportSpecifier[imported.name='forwardRef']",
  message:
    'A circular import means that two rooms are one, or that a rank is wrong. See docs/architecture.md.',
};
const PROCESS_ENV = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only src/config/environment.ts reads the environment; inject a typed slice instead.',
};

export default tseslint.config(
  { ignores: ['dist/**', '.data/**', 'coverage/**', 'node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', FORWARD_REF],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/environment.ts', 'src/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', FORWARD_REF, PROCESS_ENV] },
  },
  {
    // Command-line programs talk to a person on stdout.
    files: [
      'src/cli.ts',
      'src/commands/**/*.ts',
      'local/**/*.ts',
      'sandbox/**/*.ts',
      'bench/**/*.ts',
      'test/support/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
