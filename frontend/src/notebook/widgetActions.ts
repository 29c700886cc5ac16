// Moving the widgets of a notebook: what is changed is shown at once, and told to their code.

import { reactive } from 'vue'
import { api, got } from '@/api/client'
import { never, type Event } from '@/api/events'
import { useConnection as useService } from '@/stores/connection'
import { useTabs } from '@/stores/tabs'
import { partedBytes } from '@/widgets/binary'
import { changeWidget, linked, type Standing, type WidgetState } from '@/widgets/state'
import { Updates, type Said } from '@/widgets/updates'
import type { Connection } from './connection'
import type { Context } from './context'

export function useWidgetActions({ id, copy, toasts }: Context, connection: Connection) {
  const service = useService()
  const tabs = useTabs()
  /** Widgets that the session does not know. */
  const gone = reactive(new Set<string>())

  const updates = new Updates({
    async send(comm, message) {
      const { buffers, ...data } = message.method === 'update' ? { ...message, ...partedBytes(message.state) } : { ...message, buffers: [] }
      const content = { comm_id: comm, data: data as unknown as Record<string, never>, buffers }
      const { execution_id: execution } = await got(api.POST('/api/v1/notebooks/{id}/comm', { params: { path: { id } }, body: { type: 'comm_msg', content } }))
      return execution ?? ''
    },
    onRefused: (error, dropped) => toasts.tell(error, () => dropped.forEach(again)),
    onSilence: (comm) => gone.add(comm),
    onChange() {
      if (copy.value !== null) copy.value.unsent = updates.unsent()
    },
  })

  /** Another try tells how a widget is by then. */
  function again({ comm, message }: Said): void {
    if (message.method === 'custom') updates.tell(comm, message.content)
    if (message.method !== 'update') return
    const now = copy.value?.widgets.get(comm) ?? {}
    updates.change(comm, Object.fromEntries(Object.keys(message.state).map((key) => [key, now[key]])))
  }

  /** Follows what happens to widgets. */
  function hear(event: Event): void {
    switch (event.type) {
      case 'comm_open':
      case 'comm_msg':
        gone.delete(event.content.comm_id)
        updates.hear(event.content.comm_id, event.execution_id)
        break
      case 'comm_close':
        gone.add(event.content.comm_id)
        break
      case 'finished':
        if (event.execution_id !== undefined) updates.ended(event.execution_id)
        break
      case 'stream':
      case 'display_data':
      case 'update_display_data':
      case 'execute_result':
      case 'error':
      case 'clear_output':
      case 'input_request':
      case 'status':
      case 'queued':
      case 'started':
      case 'checkpoint':
      case 'restored':
      case 'gap':
      case 'notebook_status':
      case 'execution_status':
      case 'cell_changed':
      case 'cells_moved':
      case 'presence':
      case 'log':
        break
      default:
        never(event)
    }
  }

  function standingOf(widget: string): Standing {
    const doing = tabs.doingOf(`/notebooks/${id}`)
    if (!service.may('run')) return 'watched'
    if (connection.line.value === 'away') return 'away'
    if (doing === 'none' || doing === 'dead') return 'sessionless'
    return gone.has(widget) ? 'gone' : 'live'
  }

  function preview(widget: string, state: WidgetState): void {
    if (copy.value !== null) changeWidget(copy.value.widgets, widget, state)
  }

  function change(widget: string, state: WidgetState): void {
    preview(widget, state)
    updates.change(widget, state)
    if (copy.value === null) return
    for (const [other, follows] of linked(copy.value.widgets, widget, state)) change(other, follows)
  }

  /** The session begins anew, and knows none of those that there are. */
  function forgetWidgets(): void {
    for (const widget of copy.value?.widgets.keys() ?? []) gone.add(widget)
    updates.forget()
  }

  return {
    widgets: {
      notebook: id,
      stateOf: (widget: string) => copy.value?.widgets.get(widget),
      standingOf,
      preview,
      change,
      tell: (widget: string, content: Record<string, unknown>) => updates.tell(widget, content),
    },
    hear,
    forgetWidgets,
    /** What was under way when the line broke may have ended meanwhile. */
    resumeWidgets: () => updates.forget(),
  }
}
