// Projects' files, notebooks, and code that runs once.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Project } from '@cellblock/client'
import { client } from './service.js'

const cellblock = client()
let project: Project

beforeEach(async () => {
  project = await cellblock.createProject(`test ${crypto.randomUUID()}`)
})

afterEach(async () => {
  for (const { notebook_id: id } of await cellblock.notebooks({ project })) await cellblock.notebook(id).delete()
  await project.delete()
})

test('files go up and come down', async () => {
  await project.upload('content', 'folder/with space/a#b?.txt')
  await project.upload('', 'empty.txt')
  const files = (await project.files('', { recursive: true })).filter(({ kind }) => kind === 'file')
  expect(Object.fromEntries(files.map(({ path, size }) => [path, size]))).toEqual({
    'folder/with space/a#b?.txt': 7,
    'empty.txt': 0,
  })
  const pieces: Uint8Array[] = []
  for await (const piece of await project.download('folder/with space/a#b?.txt')) pieces.push(piece)
  expect(Buffer.concat(pieces).toString()).toBe('content')
  const archive = await new Response(await project.download('folder', { archive: true })).arrayBuffer()
  expect(Buffer.from(archive).subarray(0, 2).toString()).toBe('PK')
  await project.remove('folder', { recursive: true })
  expect((await project.files()).map(({ path }) => path)).toEqual(['empty.txt'])
  expect((await cellblock.projects()).map(({ id }) => id)).toContain(project.id)
})

test('sessions see the files of their project', async () => {
  await project.upload(new TextEncoder().encode('42'), 'answer.txt')
  await using session = await cellblock.createSession({ project })
  expect((await session.run("int(open('answer.txt').read())")).text).toBe('42')
})

test('notebooks are edited by revision and run', async () => {
  const notebook = await cellblock.createNotebook('sums', { project, cells: ['x = 20', 'x + 1'] })
  const [first, second] = (await notebook.run()).cells
  if (!first) throw new Error('there is no cell')
  expect(second?.outputs).toMatchObject([{ data: { 'text/plain': '21' } }])
  const edited = await notebook.editCell(first.cell_id, 'x = 41', first.revision)
  await expect(notebook.editCell(first.cell_id, 'x = 0', first.revision)).rejects.toMatchObject({
    name: 'CellConflict',
    details: { current: { source: 'x = 41' } },
  })
  expect((await notebook.run()).cells[1]?.outputs).toMatchObject([{ data: { 'text/plain': '42' } }])
  const added = await notebook.addCell('x * 2')
  const { cells } = await notebook.run({ cellId: added.cell_id })
  expect(cells[2]?.outputs).toMatchObject([{ data: { 'text/plain': '82' } }])
  await notebook.deleteCell(first.cell_id, edited.revision)
  expect((await notebook.read()).cells.map(({ source }) => source)).toEqual(['x + 1', 'x * 2'])
  expect(await (await notebook.export('py')).text()).toContain('x * 2')
})

test('code runs once with data and files', async () => {
  const result = await cellblock.execute(
    "total = sales.n.sum() + int(open('more.txt').read())\nframe = sales\nint(total)",
    {
      datasets: { sales: [{ n: 1 }, { n: 2 }] },
      files: { 'more.txt': new TextEncoder().encode('39') },
      exports: { frame: 'csv' },
    },
  )
  expect(result.text).toBe('42')
  expect(new TextDecoder().decode(result.exports[0]?.content)).toContain('n')
  expect((await cellblock.execute('1/0')).status).toBe('error')
  expect((await cellblock.images()).map(({ name }) => name)).toContain('data')
})
