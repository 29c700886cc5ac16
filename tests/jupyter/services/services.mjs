// JupyterLab's own client against a service, unmodified: kernels, sessions and files.
//
// node services.mjs URL TOKEN

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.env.NODE_PACKAGES, 'node_modules', 'x.js'))
const { ContentsManager, Drive, KernelManager, KernelSpecManager, ServerConnection, SessionManager } =
  require('@jupyterlab/services')

const [, , url, token] = process.argv
const serverSettings = ServerConnection.makeSettings({
  baseUrl: `${url}/`,
  wsUrl: `${url.replace('http', 'ws')}/`,
  token,
  appendToken: true,
  WebSocket: require('ws'),
})

async function specs() {
  const manager = new KernelSpecManager({ serverSettings })
  await manager.ready
  assert.equal(manager.specs.default, 'data')
  assert.match(manager.specs.kernelspecs.data.display_name, /Cellblock/)
  const logo = manager.specs.kernelspecs.data.resources['logo-svg']
  const picture = await ServerConnection.makeRequest(new URL(logo, url).href, {}, serverSettings)
  assert.match(picture.headers.get('content-type'), /svg/)
  manager.dispose()
  // Its own UserManager needs a browser.
  const me = await ServerConnection.makeRequest(`${url}/api/me`, {}, serverSettings)
  assert.ok((await me.json()).identity.username)
}

async function contents() {
  const manager = new ContentsManager({ serverSettings, defaultDrive: new Drive({ serverSettings }) })
  const made = await manager.newUntitled({ path: '', type: 'notebook' })
  assert.equal(made.path, 'Untitled.ipynb')
  const cell = { cell_type: 'code', id: 'a', metadata: {}, source: '1 + 1', outputs: [], execution_count: null }
  const content = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }
  await manager.save(made.path, { type: 'notebook', format: 'json', content })
  const checkpoint = await manager.createCheckpoint(made.path)
  await manager.save(made.path, { type: 'notebook', format: 'json', content: { ...content, cells: [] } })
  assert.equal((await manager.listCheckpoints(made.path)).length, 1)
  await manager.restoreCheckpoint(made.path, checkpoint.id)
  const read = await manager.get(made.path)
  assert.equal([read.content.cells[0].source].flat().join(''), '1 + 1')
  await manager.deleteCheckpoint(made.path, checkpoint.id)
  const folder = await manager.newUntitled({ path: '', type: 'directory' })
  const moved = await manager.rename(made.path, `${folder.path}/moved.ipynb`)
  const copied = await manager.copy(moved.path, folder.path)
  assert.equal(copied.name, 'moved-Copy1.ipynb')
  const listed = await manager.get(folder.path)
  assert.deepEqual(listed.content.map((model) => model.name).sort(), ['moved-Copy1.ipynb', 'moved.ipynb'])
  await manager.save('a.txt', { type: 'file', format: 'text', content: 'hello' })
  const download = await fetch(await manager.getDownloadUrl('a.txt'), { headers: { authorization: `token ${token}` } })
  assert.equal(await download.text(), 'hello')
  await manager.delete(folder.path)
  await assert.rejects(manager.get(folder.path), (error) => error.response.status === 404)
  manager.dispose()
}

/** Runs code and returns what was shown and how it ended. */
async function run(kernel, code) {
  const future = kernel.requestExecute({ code })
  const shown = []
  future.onIOPub = (message) => shown.push(message)
  const reply = await future.done
  return { shown, reply: reply.content }
}

async function sessions() {
  const kernelManager = new KernelManager({ serverSettings })
  const manager = new SessionManager({ serverSettings, kernelManager })
  await manager.ready
  const session = await manager.startNew({ path: 'a.ipynb', name: 'a', type: 'notebook', kernel: { name: 'data' } })
  const { kernel } = session
  assert.equal((await kernel.info).language_info.name, 'python')
  // The session is at home where the files are.
  const read = await run(kernel, "print(open('a.txt').read()); x = 6 * 7; x")
  assert.equal(read.reply.status, 'ok')
  assert.equal(read.shown.find((message) => message.header.msg_type === 'stream').content.text, 'hello\n')
  const result = read.shown.find((message) => message.header.msg_type === 'execute_result')
  assert.equal(result.content.data['text/plain'], '42')
  const completed = await kernel.requestComplete({ code: 'prin', cursor_pos: 4 })
  assert.ok(completed.content.matches.includes('print'))

  const endless = kernel.requestExecute({ code: 'while True: pass' })
  await new Promise((resolve) => {
    endless.onIOPub = (message) => message.content.execution_state === 'busy' && resolve()
  })
  await kernel.interrupt()
  assert.equal((await endless.done).content.ename, 'KeyboardInterrupt')
  assert.equal((await run(kernel, 'x')).reply.status, 'ok')
  await kernel.restart()
  assert.equal((await run(kernel, 'x')).reply.ename, 'NameError')

  await session.setPath('b.ipynb')
  await session.setName('b')
  assert.equal((await manager.findByPath('b.ipynb')).id, session.id)
  await manager.refreshRunning()
  assert.equal([...manager.running()].length, 1)
  const before = kernel.id
  await session.changeKernel({ name: 'data' })
  assert.notEqual(session.kernel.id, before)
  await session.shutdown()
  // A poll of the manager's own that was under way may bring the list from before.
  for (let tries = 0; tries < 5 && [...manager.running()].length > 0; tries++) await manager.refreshRunning()
  assert.equal([...manager.running()].length, 0)
  manager.dispose()
  kernelManager.dispose()
}

await specs()
await contents()
await sessions()
process.exit(0)
