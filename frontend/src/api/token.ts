// The caller's token: it comes in the address once, as Jupyter's does, and is kept for this browser.

const KEY = 'cellblock.token'

/** Takes the token out of the address, so that it is not left in the history or in a bookmark. */
export function takeToken(): void {
  const address = new URL(window.location.href)
  const given = address.searchParams.get('token')
  if (given === null) return
  localStorage.setItem(KEY, given)
  address.searchParams.delete('token')
  window.history.replaceState(null, '', address)
}

export function token(): string {
  return localStorage.getItem(KEY) ?? ''
}

export function setToken(value: string): void {
  localStorage.setItem(KEY, value)
}
