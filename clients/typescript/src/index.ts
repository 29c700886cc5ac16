// Runs Python in the sandboxed sessions of a Cellblock service.

export { Cellblock, type NewSession, type Once, type Options } from './client.js'
export { CellblockError, ExecutionFailed } from './errors.js'
export type { Event, Failure, Happening, Outcome, Usage } from './events.js'
export { Execution, type Following } from './execution.js'
export { Notebook, type Which } from './notebook.js'
export { Project, type Transfer } from './project.js'
export { RemoteFile } from './remote-file.js'
export { OnceResult, type Output, Result, SessionResult } from './result.js'
export { type Running, Session, type Starting, type TablePage } from './session.js'
export type * from './types.js'
export type { Retries } from './waiting.js'
