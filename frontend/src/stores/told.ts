// What news change in the lists of notebooks and sessions, and what has to be asked because they do not say it. Pure.

import type { Schemas } from '@/api/client'
import { never } from '@/api/events'
import type { News } from '@/api/news'

export interface Lists {
  notebooks: Schemas['NotebookSummary'][]
  sessions: Schemas['SessionView'][]
}

export type Question = { about: 'session'; id: string } | { about: 'status'; notebook: string } | { about: 'notebooks' }

export interface Taken {
  lists: Lists
  questions: Question[]
}

/** Takes news into the lists; one that is as it was stays the same array. */
export function told(lists: Lists, news: News): Taken {
  switch (news.type) {
    case 'session_status': {
      const { session_id: id = '', content } = news
      const known = lists.sessions.some((session) => session.id === id)
      const sessions = known ? lists.sessions.map((session) => (session.id === id ? { ...session, ...content } : session)) : lists.sessions
      // What it uses is written down when it rests.
      const asks = content.state !== 'dead' && (!known || content.state === 'idle' || content.state === 'hibernated')
      return { lists: { ...lists, sessions }, questions: asks ? [{ about: 'session', id }] : [] }
    }
    case 'execution_status':
      // That its session is busy says that a notebook runs.
      return { lists, questions: news.notebook_id === undefined || news.content.status === 'running' ? [] : [{ about: 'status', notebook: news.notebook_id }] }
    case 'notebook_changed': {
      const { notebook_id: id, time, content } = news
      const { change, name, path, revision } = content
      if (change === 'removed') return { lists: { ...lists, notebooks: lists.notebooks.filter(({ notebook_id }) => notebook_id !== id) }, questions: [] }
      if (!lists.notebooks.some(({ notebook_id }) => notebook_id === id)) return { lists, questions: [{ about: 'notebooks' }] }
      const notebooks = lists.notebooks.map((notebook) => (notebook.notebook_id === id ? { ...notebook, name, path, revision, last_modified: time } : notebook))
      return { lists: { ...lists, notebooks }, questions: [] }
    }
    case 'project_created':
    case 'project_changed':
    case 'project_deleted':
    case 'files_changed':
    case 'quota_warning':
      return { lists, questions: [] }
    default:
      return never(news)
  }
}
