// Chinese texts of the page of environments.

export default {
  environments: {
    title: '环境',
    about: '环境是 JupyterLab 处理某个项目文件的地方。它的内核与您的笔记本运行在同样的沙箱中。',
    image: '镜像',
    project: '项目',
    usual: '默认',
    make: '新建环境',
    menu: '{name} 的更多操作',
    rename: '重命名“{name}”',
    delete: '删除“{name}”？',
    deleteText: '其 JupyterLab 将停止。项目的文件和会话会保留。',
    none: '还没有环境',
    noneText: '新建一个环境，即可在 JupyterLab 中处理项目。',
    start: '启动 JupyterLab',
    stop: '停止',
    open: '在 JupyterLab 中打开',
    plugins: '扩展，例如 jupyterlab-git',
    pluginsHint: '扩展的名称（仅限此处允许的扩展），以逗号分隔',
    installing: '正在安装 JupyterLab。第一次需要一些时间。',
    starting: '正在启动 JupyterLab。',
    failed: 'JupyterLab 无法启动。',
    restarts: '自动重启次数：{count}',
    states: { stopped: '已停止', installing: '正在安装', starting: '正在启动', running: '运行中', failed: '失败' },
  },
}
