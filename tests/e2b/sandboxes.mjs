// E2B's own clients for JavaScript against a service, unmodified.
//
// node sandboxes.mjs URL KEY

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [, , url, key] = process.argv
Object.assign(process.env, { E2B_API_URL: url, E2B_SANDBOX_URL: url, E2B_API_KEY: key })

const require = createRequire(join(process.env.NODE_PACKAGES, 'node_modules', 'x.js'))
const { Sandbox } = require('@e2b/code-interpreter')
const { CommandExitError, NotFoundError, Sandbox: Plain } = require('e2b')

const sandbox = await Sandbox.create({ metadata: { who: 'me' }, envs: { WHERE: 'here' } })
try {
  const told = []
  const ran = await sandbox.runCode('import os\nprint(os.environ["WHERE"])\n6 * 7', { onStdout: (line) => told.push(line.line) })
  assert.equal(ran.text, '42')
  assert.deepEqual(told, ['here\n'])
  const [plot] = (await sandbox.runCode('import matplotlib.pyplot as plt\nplt.pie([1, 3], labels=["a", "b"])\nplt.show()')).results
  assert.ok(plot.png)
  assert.deepEqual(plot.chart.elements.map((part) => [part.label, part.angle]), [['a', 90], ['b', 270]])
  const frame = (await sandbox.runCode('import pandas as pd; pd.DataFrame({"a": [1, 2]})')).results[0]
  assert.deepEqual(frame.data, { a: [1, 2] })
  const failed = await sandbox.runCode('1/0')
  assert.equal(failed.error.name, 'ZeroDivisionError')
  await assert.rejects(sandbox.runCode('import time; time.sleep(300)', { timeoutMs: 1500 }))
  assert.equal((await sandbox.runCode('2')).text, '2')

  const context = await sandbox.createCodeContext({ cwd: '/home/user/work' })
  assert.equal((await sandbox.runCode('os', { context })).error.name, 'NameError')
  await sandbox.removeCodeContext(context)
  await assert.rejects(sandbox.runCode('1', { context }), NotFoundError)
  await assert.rejects(sandbox.runCode('1', { language: 'js' }), /501/)

  await sandbox.files.write('a/b.txt', 'text')
  assert.equal(await sandbox.files.read('a/b.txt'), 'text')
  assert.deepEqual((await sandbox.files.list('a')).map((entry) => entry.path), ['/home/user/a/b.txt'])
  await assert.rejects(sandbox.files.read('nowhere'), NotFoundError)
  await assert.rejects(sandbox.files.read('/etc/passwd'))

  assert.equal((await sandbox.commands.run('python -c "print(1)"')).stdout, '1\n')
  await assert.rejects(sandbox.commands.run('node x.js'), (error) => error instanceof CommandExitError && error.exitCode === 127)

  assert.deepEqual((await (await Sandbox.list()).nextItems()).map((one) => one.sandboxId), [sandbox.sandboxId])
  assert.equal(await sandbox.pause(), true)
  const again = await Sandbox.connect(sandbox.sandboxId)
  assert.equal((await again.runCode('ran = 5; ran')).text, '5')
} finally {
  assert.equal(await sandbox.kill(), true)
}
assert.equal(await Plain.kill(sandbox.sandboxId), false)
assert.equal(await sandbox.isRunning(), false)
process.exit(0)
