// The client: where everything begins.

import { toBase64 } from './base64.js'
import { Connection, type WebSocketClass } from './connection.js'
import { Notebook } from './notebook.js'
import { Project } from './project.js'
import { OnceResult } from './result.js'
import { Session } from './session.js'
import type {
  Image,
  NotebookSummary,
  NotebookView,
  OnceView,
  Priority,
  ProjectView,
  SessionView,
  VariableFormat,
} from './types.js'
import { RETRIES, type Retries } from './waiting.js'

export interface Options {
  /** What `cellblock serve` prints, with or without its token. */
  url?: string | undefined
  token?: string
  /** Milliseconds for a single answer, not for the code that is run. */
  timeout?: number
  retries?: Partial<Retries>
  /** For Node 20, which has none of its own: that of `ws`, for example. */
  WebSocket?: WebSocketClass
}

export interface NewSession {
  name?: string
  image?: string
  policy?: string
  project?: Project | string
  /** Texts such as `{ cell_time: '30 s', memory: '1 GiB' }`. */
  limits?: Record<string, string>
  secrets?: string[]
}

export interface Once {
  image?: string
  policy?: string
  limits?: Record<string, string>
  /** Laid into the code's folder. */
  files?: Record<string, string | Uint8Array>
  /** Variables: rows or columns. */
  datasets?: Record<string, unknown>
  /** Variables that are wanted as files, with their formats. */
  exports?: Record<string, VariableFormat>
  cache?: 'use' | 'refresh' | 'bypass'
  priority?: Priority
  /** Ends the waiting. */
  signal?: AbortSignal
}

/** A Cellblock service. */
export class Cellblock {
  private readonly connection: Connection

  constructor(options: Options = {}) {
    const address = new URL(options.url ?? 'http://127.0.0.1:8888')
    if (!/^https?:$/.test(address.protocol)) {
      throw new TypeError(`${address.origin} is no address of a service; it begins with http:// or https://`)
    }
    this.connection = new Connection(
      `${address.origin}${address.pathname.replace(/\/+$/, '')}`,
      options.token ?? address.searchParams.get('token') ?? '',
      options.timeout ?? 30_000,
      { ...RETRIES, ...options.retries },
      options.WebSocket ?? globalThis.WebSocket,
    )
  }

  /** Returns the images that sessions can begin from. */
  images(): Promise<Image[]> {
    return this.connection.get('/images')
  }

  /** Makes a session. */
  async createSession({ project, ...given }: NewSession = {}): Promise<Session> {
    const body = { ...given, project_id: identity(project) }
    return new Session(this.connection, await this.connection.post<SessionView>('/sessions', body))
  }

  /** Returns a session that exists. */
  async session(id: string): Promise<Session> {
    return new Session(this.connection, await this.connection.get<SessionView>(`/sessions/${encodeURIComponent(id)}`))
  }

  /** Returns all sessions. */
  async sessions(): Promise<Session[]> {
    const views = await this.connection.all<SessionView>('/sessions')
    return views.map((view) => new Session(this.connection, view))
  }

  /** Runs code once, in a session of its own. */
  async execute(code: string, { files = {}, exports = {}, signal, ...given }: Once = {}): Promise<OnceResult> {
    const body = {
      code,
      ...given,
      files: Object.entries(files).map(([path, content]) =>
        typeof content === 'string' ? { path, content } : { path, content_base64: toBase64(content) },
      ),
      exports: Object.entries(exports).map(([variable, format]) => ({ variable, format })),
    }
    return new OnceResult(await this.connection.post<OnceView>('/execute', body, { patient: true, signal }))
  }

  /** Makes a project. */
  async createProject(name: string, { description }: { description?: string } = {}): Promise<Project> {
    return new Project(this.connection, await this.connection.post<ProjectView>('/projects', { name, description }))
  }

  /** Returns a project that exists. */
  async project(id: string): Promise<Project> {
    return new Project(this.connection, await this.connection.get<ProjectView>(`/projects/${encodeURIComponent(id)}`))
  }

  /** Returns all projects. */
  async projects(): Promise<Project[]> {
    const views = await this.connection.all<ProjectView>('/projects')
    return views.map((view) => new Project(this.connection, view))
  }

  /** Makes a notebook with these cells of code. */
  async createNotebook(
    name?: string,
    { project, cells }: { project?: Project | string; cells?: string[] } = {},
  ): Promise<Notebook> {
    const body = { name, project_id: identity(project), cells: cells?.map((source) => ({ source })) }
    const { notebook_id: id } = await this.connection.post<NotebookView>('/notebooks', body)
    return new Notebook(this.connection, id)
  }

  /** Returns a notebook that exists. */
  notebook(id: string): Notebook {
    return new Notebook(this.connection, id)
  }

  /** Returns what notebooks there are, without their cells. */
  notebooks({ project }: { project?: Project | string } = {}): Promise<NotebookSummary[]> {
    return this.connection.all('/notebooks', { project_id: identity(project) })
  }
}

function identity(project: Project | string | undefined): string | undefined {
  return project instanceof Project ? project.id : project
}
