import js from '@eslint/js';
import jupyterPlugin from '@jupyter/eslint-plugin';
import { defineConfig } from 'eslint/config';
import prettierRecommended from 'eslint-plugin-prettier/recommended';
import globals from 'globals';
import tseslint from 'typescript-eslint';

// Foreign strings reach the page as React text nodes and nothing else.
const noRawHtml = [
  {
    selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
    message: 'Foreign text is rendered as React text nodes only.'
  },
  {
    selector:
      'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
    message: 'Build DOM nodes instead of parsing HTML.'
  }
];

export default defineConfig([
  {
    ignores: [
      'node_modules',
      'lib',
      'coverage',
      'jupyter_mlws',
      '**/*.js',
      '**/*.d.ts',
      '**/.*/**',
      'ui-tests',
      'tests'
    ]
  },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    plugins: {
      jupyter: jupyterPlugin
    }
  },
  jupyterPlugin.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      globals: {
        ...globals.browser,
        ...globals.es2015
      },
      parserOptions: {
        project: 'tsconfig.test.json',
        sourceType: 'module'
      }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: {
            regex: '^I[A-Z]',
            match: true
          }
        }
      ],
      '@typescript-eslint/no-unused-vars': ['error', { args: 'none' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-namespace': 'off',
      curly: ['error', 'all'],
      eqeqeq: 'error',
      // What a plugin needs to show its panel is small; the chart library, which is not, is loaded when it first draws.
      'jupyter/prefer-lazy-imports': 'off',
      'no-restricted-syntax': ['error', ...noRawHtml],
      'prefer-arrow-callback': 'error'
    }
  },
  {
    // Generated from the Python declaration of the API: its interfaces are named there.
    files: ['src/api/types.ts'],
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: { '@typescript-eslint/naming-convention': 'off' }
  },
  {
    files: ['**/__tests__/**'],
    languageOptions: { globals: { ...globals.jest } },
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  prettierRecommended
]);
