// JupyterLab in Chromium, as its user sees it, on the kernels of a service: `jupyter lab --gateway-url`.
//
// node lab.mjs URL TOKEN FOLDER, with Jupyter's packages in PYTHONPATH.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { chromium, expect } from '../../frontend/node_modules/@playwright/test/index.mjs'

const [, , gateway, token, folder] = process.argv
const packages = process.env.PYTHONPATH
const notebook = (sources) => ({
  cells: sources.map((source, index) => ({
    cell_type: 'code', id: `c${index}`, metadata: {}, source, outputs: [], execution_count: null,
  })),
  metadata: { kernelspec: { name: 'data', display_name: 'x', language: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
})

const slider = `import ipywidgets
slider = ipywidgets.IntSlider(value=3, max=10, description='n')
shown = ipywidgets.interactive_output(lambda n: print('twice', 2 * n), {'n': slider})
display(slider, shown)`
const plot = 'import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);'
writeFileSync(join(folder, 'files', 'work.ipynb'), JSON.stringify(notebook(['x = 6 * 7\nx', plot, slider, 'while True: pass', "input('who? ')", 'x', ''])))

/** Returns a port that is free now. */
async function free() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

const [port, secret] = [await free(), randomUUID()]
const lab = spawn(
  'python3',
  [
    '-m', 'jupyterlab', '--allow-root', '--no-browser', '--ip=127.0.0.1', `--port=${port}`, '--ServerApp.port_retries=0',
    `--app-dir=${packages}/share/jupyter/lab`, `--gateway-url=${gateway}`, `--GatewayClient.auth_token=${token}`,
    `--IdentityProvider.token=${secret}`, `--notebook-dir=${join(folder, 'files')}`, '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
  ],
  {
    env: {
      ...process.env,
      JUPYTER_PATH: `${packages}/share/jupyter`,
      JUPYTER_CONFIG_PATH: `${packages}/etc/jupyter`,
      JUPYTER_CONFIG_DIR: join(folder, 'config'),
      JUPYTER_DATA_DIR: join(folder, 'data'),
      JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(folder, 'settings'),
      JUPYTERLAB_WORKSPACES_DIR: join(folder, 'workspaces'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  },
)
let said = ''
lab.stderr.on('data', (text) => (said += text))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } })

/** Returns the kernels that the service has. */
async function kernels() {
  const answer = await fetch(`${gateway}/api/kernels`, { headers: { authorization: `token ${token}` } })
  return answer.json()
}

try {
  await expect(async () => {
    assert.equal(lab.exitCode, null, 'JupyterLab has ended')
    assert.ok((await fetch(`http://127.0.0.1:${port}/api`)).ok)
  }).toPass({ timeout: 60_000 })
  await page.goto(`http://127.0.0.1:${port}/lab/tree/work.ipynb?token=${secret}&reset`)
  const within = { timeout: 60_000 }
  const cell = (index) => page.locator('.jp-Notebook .jp-Cell').nth(index)
  const output = (index) => cell(index).locator('.jp-OutputArea-output')
  const prompt = (index) => cell(index).locator('.jp-InputPrompt')
  const select = async (index) => {
    await cell(index).locator('.jp-InputPrompt').click()
  }
  const run = async (index) => {
    await select(index)
    await page.keyboard.press('Control+Enter')
  }
  await expect(page.locator('.jp-NotebookPanel-toolbar').getByText('Python 3.15 (Cellblock, data)')).toBeVisible(within)
  // Its picture came through Lab from us.
  await expect(page.locator('.jp-Notebook .jp-Cell')).toHaveCount(7, within)
  await expect(async () => assert.equal((await kernels()).length, 1)).toPass(within)

  await run(0)
  await expect(output(0).last()).toHaveText('42', within)
  await run(1)
  await expect(output(1).locator('img')).toBeVisible(within)
  await run(2)
  await expect(cell(2).getByText('twice 6')).toBeVisible(within)
  await cell(2).locator('.noUi-handle').focus()
  await page.keyboard.press('ArrowRight')
  await expect(cell(2).getByText('twice 8')).toBeVisible(within)

  await run(3)
  await expect(prompt(3)).toHaveText('[*]:', within)
  await page.keyboard.press('Escape')
  await page.keyboard.press('i')
  await page.keyboard.press('i')
  await expect(output(3).getByText('KeyboardInterrupt').first()).toBeVisible(within)
  await run(4)
  const question = cell(4).locator('input.jp-Stdin-input')
  await question.fill('Ada', within)
  await question.press('Enter')
  await expect(output(4).last()).toHaveText("'Ada'", within)
  await run(5)
  await expect(output(5).last()).toHaveText('42', within)

  await cell(6).locator('.cm-content').click()
  await page.keyboard.type('plt.plo')
  await page.keyboard.press('Tab')
  await expect(page.locator('.jp-Completer').getByText('plot_date').or(page.locator('.jp-Completer').getByText('plot', { exact: true })).first()).toBeVisible(within)
  await page.keyboard.press('Escape')

  await select(5)
  await page.keyboard.press('Escape')
  await page.keyboard.press('0')
  await page.keyboard.press('0')
  await page.locator('.jp-Dialog button.jp-mod-accept').click(within)
  await expect(page.locator('.jp-NotebookPanel-toolbar .jp-Notebook-ExecutionIndicator')).toHaveAttribute('data-status', 'idle', within)
  await run(5)
  await expect(output(5).getByText("name 'x' is not defined").first()).toBeVisible(within)

  await page.keyboard.press('Control+s')
  await expect(async () => {
    const saved = JSON.parse(readFileSync(join(folder, 'files', 'work.ipynb'), 'utf8'))
    assert.ok(JSON.stringify(saved.cells[1].outputs).includes('image/png'))
  }).toPass(within)
} catch (error) {
  await page.screenshot({ path: join(folder, 'lab.png') }).catch(() => undefined)
  console.error(said.split('\n').slice(-30).join('\n'))
  throw error
} finally {
  await browser.close()
  lab.kill()
}
