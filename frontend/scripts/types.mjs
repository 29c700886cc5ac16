// Makes src/api/schema.d.ts from the service's OpenAPI document: `npm run types -- FILE [--check]`.
import { readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const [file, check] = process.argv.slice(2)
const target = new URL('../src/api/schema.d.ts', import.meta.url)
const document = JSON.parse(await readFile(file, 'utf8'))
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) {
    // A refusal has the same shape everywhere: see problem.ts.
    for (const status of Object.keys(operation.responses ?? {})) {
      if (!status.startsWith('2')) delete operation.responses[status]
    }
  }
}
const types = astToString(await openapiTS(document, { alphabetize: true }))
const text = `// Made by scripts/types.mjs from the service's OpenAPI document; not edited by hand.\n${types}`
if (check !== '--check') {
  await writeFile(target, text)
} else if ((await readFile(target, 'utf8')) !== text) {
  console.error('src/api/schema.d.ts is not what the service says. Run `make types` and commit it.')
  process.exit(1)
}
