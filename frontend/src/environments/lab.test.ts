// What is said of a JupyterLab.

import { expect, it } from 'vitest'
import { adviceOf, pluginsOf } from './lab'

it('finds the command that is to be run by hand', () => {
  expect(adviceOf('It failed; check the network. This is the command that failed: `pip install "jupyterlab==4"`')).toEqual({ text: 'It failed; check the network. This is the command that failed', command: 'pip install "jupyterlab==4"' })
  expect(adviceOf(' It ended three times. ')).toEqual({ text: 'It ended three times.' })
})

it('reads the names of extensions, each once', () => {
  expect(pluginsOf(' jupyterlab-git, jupyterlab-lsp;jupyterlab-git\n')).toEqual(['jupyterlab-git', 'jupyterlab-lsp'])
  expect(pluginsOf('  ')).toEqual([])
})
