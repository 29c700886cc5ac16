// Makes one program of the examples of README.md, so that their types are checked and the tests can run them.
import { mkdir, readFile, writeFile } from 'node:fs/promises'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code)
const imports = new Set(examples.flatMap((code) => code.match(/^import .*$/gm) ?? []))
// The examples behind the second are about its client and its session.
const [first, shared, ...others] = examples.map((code) => code.replace(/^import .*\n+/gm, ''))
const alone = (code) => `{\n${code}}`
const made = new URL('../tests/made/', import.meta.url)
await mkdir(made, { recursive: true })
const program = [...imports, alone(first), shared, ...others.map(alone), 'await session.end()', ''].join('\n')
await writeFile(new URL('readme.ts', made), program)
