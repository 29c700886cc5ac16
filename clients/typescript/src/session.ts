// A session: an interpreter in a sandbox that keeps its variables from one run to the next.

import type { Connection } from './connection.js'
import { CellblockError, SESSION_DEAD } from './errors.js'
import type { Event } from './events.js'
import { Execution, type Following } from './execution.js'
import { RemoteFile } from './remote-file.js'
import type { SessionResult } from './result.js'
import type {
  Checkpoint,
  ExportedFile,
  FigureFormat,
  Priority,
  SessionView,
  Table,
  Taken,
  Variable,
  VariableFormat,
} from './types.js'

export interface Starting {
  /** `input()` may ask. */
  allowStdin?: boolean
  priority?: Priority | undefined
  cellId?: string
}

export interface Running extends Following {
  /** Told of everything as it happens. */
  onEvent?: (event: Event) => void
  /** Asked when the code calls `input()`. */
  answer?: (prompt: string) => string | null | Promise<string | null>
  priority?: Priority
}

export interface TablePage {
  offset?: number
  limit?: number
  /** Columns separated by commas; a minus in front sorts downwards. */
  sort?: string
  filter?: { column: string; op: string; value: unknown }[]
}

/** A session of the service. `await using` ends it with its block. */
export class Session {
  readonly id: string
  private readonly path: string

  constructor(
    private readonly connection: Connection,
    /** What the service told of it last; `refresh` asks again. */
    public view: SessionView,
  ) {
    this.id = view.id
    this.path = `/sessions/${encodeURIComponent(view.id)}`
  }

  /** Asks what the session does now. */
  async refresh(): Promise<SessionView> {
    this.view = await this.connection.get(this.path)
    return this.view
  }

  /** Ends the session and removes what it kept. One that has ended already stays as it is. */
  async end(): Promise<void> {
    try {
      await this.connection.send(this.path, { method: 'DELETE', again: true })
    } catch (refused) {
      if (!(refused instanceof CellblockError && refused.code === SESSION_DEAD)) throw refused
    }
  }

  /** Puts code into the session's queue and returns at once. */
  async start(code: string, { allowStdin = false, priority, cellId }: Starting = {}): Promise<Execution> {
    const body = { code, allow_stdin: allowStdin, priority, cell_id: cellId }
    const taken = await this.connection.post<Taken>(`${this.path}/execute`, body, {
      headers: { Prefer: 'respond-async' },
    })
    return new Execution(this.connection, this.id, taken)
  }

  /** Runs code and yields its events as they happen. */
  async *stream(code: string, following: Following & Starting = {}): AsyncGenerator<Event, void> {
    yield* (await this.start(code, following)).events(following)
  }

  /** Runs code and returns what came of it; a Python exception is part of that. */
  async run(code: string, { onEvent, answer, priority, ...following }: Running = {}): Promise<SessionResult> {
    const execution = await this.start(code, { allowStdin: answer !== undefined, priority })
    for await (const event of execution.events(following)) {
      onEvent?.(event)
      if (event.type === 'input_request' && answer) await execution.answer(await answer(event.content.prompt))
    }
    return execution.result()
  }

  /** Interrupts the running code. What waits behind it is not run. */
  async interrupt(): Promise<void> {
    await this.connection.post(`${this.path}/interrupt`)
  }

  /** Answers the running code's `input()`; `null` stands for the end of input. */
  async answer(text: string | null): Promise<void> {
    await this.connection.send(`${this.path}/input`, { method: 'POST', json: { value: text } })
  }

  /** Begins anew from the image. */
  async restart(): Promise<void> {
    await this.connection.post(`${this.path}/restart`)
  }

  /** Returns the states that can be gone back to, the oldest first. */
  checkpoints(): Promise<Checkpoint[]> {
    return this.connection.all(`${this.path}/checkpoints`)
  }

  /** Stores the state as it is. One with a label is kept as long as the session. */
  checkpoint(label?: string): Promise<Checkpoint> {
    return this.connection.post(`${this.path}/checkpoints`, { label })
  }

  /** Goes back (or forth) to a checkpoint: variables and open files, not the contents of files. */
  async restore(checkpointId: string): Promise<void> {
    await this.connection.post(`${this.path}/checkpoints/${encodeURIComponent(checkpointId)}/restore`)
  }

  /** Brings back the variables from before an execution. */
  async undo(executionId: string): Promise<void> {
    await this.connection.post(`${this.path}/executions/${encodeURIComponent(executionId)}/undo`)
  }

  /** Makes a second session in the state of this one, or in that of a checkpoint. */
  async fork({ checkpointId, name }: { checkpointId?: string; name?: string } = {}): Promise<Session> {
    const body = { checkpoint_id: checkpointId, name }
    return new Session(this.connection, await this.connection.post<SessionView>(`${this.path}/fork`, body))
  }

  /** Returns the variables, with their types and the beginning of what they hold. */
  async variables(): Promise<Variable[]> {
    return (await this.connection.get<{ variables: Variable[] }>(`${this.path}/variables`)).variables
  }

  /** Returns a page of a DataFrame or Series. */
  table(name: string, { filter, ...page }: TablePage = {}): Promise<Table> {
    const query = { ...page, filter: filter && JSON.stringify(filter) }
    return this.connection.get(`${this.path}/tables/${encodeURIComponent(name)}`, query)
  }

  /** Makes files of variables, or of the figures among all variables if only `figures` is given. */
  async export(
    variables: string[],
    formats: { format?: VariableFormat; figures?: FigureFormat },
  ): Promise<RemoteFile[]> {
    const made = await this.connection.post<{ files: ExportedFile[] }>(
      `${this.path}/export`,
      { variables, ...formats },
      { patient: true },
    )
    return made.files.map((file) => new RemoteFile(this.connection, file.name, file.bytes, file.href))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}
