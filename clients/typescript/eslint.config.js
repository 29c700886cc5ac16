// What the linter holds: typescript-eslint's recommendations.
import typescript from 'typescript-eslint'

export default [
  { ignores: ['dist/', 'src/schema.ts', 'tests/made/'] },
  ...typescript.configs.recommended,
  { rules: { '@typescript-eslint/no-explicit-any': 'error' } },
]
