// Refusals in the language of the user. The service words them in English; other languages have texts by code.

import type { Problem } from '@/api/problem'
import type { Language } from '@/stores/settings'
import chinese from './zh/problems'

export const PROBLEMS: Record<Exclude<Language, 'en'>, Record<number, [title: string, solution: string]>> = { 'zh-CN': chinese }

export interface Worded {
  message: string
  solution: string
  /** What the service says of this very case, where the message is a translation of its kind. */
  detail?: string
}

export function worded({ code, message, solution }: Problem, language: string): Worded {
  const known = language in PROBLEMS ? PROBLEMS[language as keyof typeof PROBLEMS][code] : undefined
  if (known === undefined) return { message, solution }
  return { message: known[0], solution: known[1], detail: code === 0 ? undefined : message }
}
