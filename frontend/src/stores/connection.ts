// Whether the service answers, and as whom it knows the user.

import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { api, got, type Schemas } from '@/api/client'
import { Refused } from '@/api/problem'
import { comeBack } from '@/api/socket'
import { setToken, token } from '@/api/token'

export type Me = Schemas['Me']
export type Scope = Schemas['Scope']

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 8000

/** What each role may do, as the service has it. */
const SCOPES: Record<Schemas['Role'], Scope[]> = {
  admin: ['read', 'write', 'run', 'admin', 'audit'],
  member: ['read', 'write', 'run'],
  auditor: ['audit'],
  viewer: ['read'],
}

export type Standing = 'unknown' | 'known' | 'refused'

export const useConnection = defineStore('connection', () => {
  const me = ref<Me | null>(null)
  const standing = ref<Standing>(token() === '' ? 'refused' : 'unknown')
  const away = ref(false)
  const pause = ref(FIRST_PAUSE)

  /** Does something by itself, without being asked: nobody is told but the banner when the service is away. */
  async function watched(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      answered()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.offline || error.problem.status >= 502) {
        away.value = true
        pause.value = Math.min(pause.value * 2, LONGEST_PAUSE)
      } else {
        answered()
        if (error.problem.status === 401) refuse()
      }
    }
  }

  function answered(): void {
    if (away.value) comeBack()
    away.value = false
    pause.value = FIRST_PAUSE
  }

  function refuse(): void {
    me.value = null
    standing.value = 'refused'
  }

  /** Asks who the user is. */
  async function meet(): Promise<void> {
    await watched(async () => {
      me.value = await got(api.GET('/api/v1/users/me'))
      standing.value = 'known'
    })
  }

  async function signIn(given: string): Promise<void> {
    setToken(given)
    standing.value = 'unknown'
    await meet()
  }

  function signOut(): void {
    setToken('')
    refuse()
  }

  const scopes = computed<Scope[]>(() => {
    if (me.value === null) return []
    const given = me.value.scopes
    return SCOPES[me.value.role].filter((scope) => !given || given.includes(scope))
  })

  return { me, standing, away, pause, watched, refuse, meet, signIn, signOut, may: (scope: Scope) => scopes.value.includes(scope) }
})
