// The shapes of the API under the names that programs use.

import type { components } from './schema.js'

type Schemas = components['schemas']

export type Cell = Schemas['CellView']
export type Checkpoint = Schemas['CheckpointView']
export type Entry = Schemas['Entry']
export type Finding = Schemas['Finding']
export type Image = Schemas['ImageView']
export type NotebookView = Schemas['NotebookAnswer']
export type NotebookState = Schemas['NotebookState']
export type NotebookSummary = Schemas['NotebookSummary']
export type Problem = Schemas['Problem']
export type ProjectView = Schemas['Project']
export type SessionView = Schemas['SessionView']
export type Table = Schemas['TableView']
export type Variable = Schemas['VariableView']

export type ExecutionView = Schemas['ExecutionView']
export type ExportedFile = Schemas['ExportedFile']
export type NotebookExecution = Schemas['NotebookExecution']
export type OnceView = Schemas['OnceView']
export type Taken = Schemas['Taken']
export type Upload = Schemas['Upload']

export type Priority = 'high' | 'normal' | 'low'
export type VariableFormat = 'csv' | 'xlsx' | 'json' | 'parquet' | 'feather' | 'npy' | 'pickle'
export type FigureFormat = 'png' | 'svg' | 'pdf'
