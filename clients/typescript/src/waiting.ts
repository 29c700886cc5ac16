// Pauses, and how often what failed is tried again.

/** How often something is tried, and the pauses between: they double, and are spread by chance. In milliseconds. */
export interface Retries {
  attempts: number
  firstPause: number
  longestPause: number
}

export const RETRIES: Retries = { attempts: 6, firstPause: 250, longestPause: 10_000 }

/** The longest time that the service may ask for, in seconds. */
const LONGEST_ASKED = 60

/** Returns how long to wait after so many failures in a row, and never less than what the service asked for. */
export function pauseAfter(failures: number, retries: Retries, askedSeconds = 0): number {
  const pause = Math.min(retries.firstPause * 2 ** (failures - 1), retries.longestPause)
  return Math.max(pause * (0.75 + Math.random() / 2), Math.min(askedSeconds, LONGEST_ASKED) * 1000)
}

/** Waits, or throws as soon as the signal says so. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const given = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', given)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', given, { once: true })
  })
}
