// English texts of the page of environments.

export default {
  environments: {
    title: 'Environments',
    about: 'An environment is a place in which JupyterLab works on the files of a project. Its kernels run in the same sandbox as your notebooks do.',
    image: 'Image',
    project: 'Project',
    usual: 'The usual one',
    make: 'Make environment',
    menu: 'More for {name}',
    rename: 'Rename “{name}”',
    delete: 'Delete “{name}”?',
    deleteText: 'Its JupyterLab is stopped. The files of the project and its sessions stay.',
    none: 'No environments yet',
    noneText: 'Make one to work on a project in JupyterLab.',
    start: 'Start JupyterLab',
    stop: 'Stop',
    open: 'Open in JupyterLab',
    plugins: 'Extensions, such as jupyterlab-git',
    pluginsHint: 'Names of extensions, of those that are allowed here, with commas between them',
    installing: 'JupyterLab is being installed. The first time takes a while.',
    starting: 'JupyterLab is being started.',
    failed: 'JupyterLab could not be started.',
    restarts: 'Started again by itself: {count}',
    states: { stopped: 'Stopped', installing: 'Installing', starting: 'Starting', running: 'Running', failed: 'Failed' },
  },
}
