// Makes src/schema.ts from the service's OpenAPI document: `npm run types -- FILE [--check]`.
import { readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

// What the client takes and gives. What these need comes with them.
const ROOTS = [
  'CellView',
  'CheckpointView',
  'Entry',
  'ExecutionView',
  'ExportedFiles',
  'ImageView',
  'NotebookAnswer',
  'NotebookExecution',
  'NotebookState',
  'NotebookSummary',
  'OnceView',
  'Problem',
  'Project',
  'SessionView',
  'TableView',
  'Taken',
  'Upload',
  'VariableView',
]

const [file, check] = process.argv.slice(2)
const target = new URL('../src/schema.ts', import.meta.url)
const document = JSON.parse(await readFile(file, 'utf8'))
const schemas = document.components.schemas
const wanted = new Set()
const want = (name) => {
  if (wanted.has(name)) return
  wanted.add(name)
  for (const [, next] of JSON.stringify(schemas[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g)) want(next)
}
ROOTS.forEach(want)
/** An object of which nothing is said stands for any value: a table's cells are numbers and texts. */
const opened = (schema) => {
  if (Array.isArray(schema)) return schema.map(opened)
  if (typeof schema !== 'object' || schema === null) return schema
  const bare = !('properties' in schema) && !('additionalProperties' in schema)
  if (bare && [schema.type].flat().includes('object')) return {}
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, opened(value)]))
}
document.paths = {}
document.components = { schemas: Object.fromEntries([...wanted].sort().map((name) => [name, opened(schemas[name])])) }
const types = astToString(await openapiTS(document, { alphabetize: true }))
const text = `// The shapes of the API, made by scripts/types.mjs from the OpenAPI document; not edited by hand.\n${types}`
if (check !== '--check') {
  await writeFile(target, text)
} else if ((await readFile(target, 'utf8')) !== text) {
  console.error('src/schema.ts is not what the service says. Run `make types` and commit it.')
  process.exit(1)
}
