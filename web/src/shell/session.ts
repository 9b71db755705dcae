// Who is signed in at this browser. The session itself is a cookie that no script reads; kept here are the
// account's name and the token that every change has to carry.
import { useEffect, useState } from 'preact/hooks'

export type Role = 'technician' | 'reader' | 'clinic' | 'admin' | 'auditor'

export interface Grant {
  role: Role
  site_id: string | null
  reading_group_id: string | null
}

export interface Me {
  username: string
  display_name: string
  must_change_password: boolean
  grants: Grant[]
}

export interface Login extends Me {
  csrf_token: string
}

const STORED = 'hub.session'
let present: Login | null = null
const listeners = new Set<(login: Login | null) => void>()

export function session(): Login | null {
  return present
}

export function readStored(text: string | null): Login | null {
  try {
    const login = JSON.parse(text ?? 'null') as Login | null
    return login && typeof login.csrf_token === 'string' && Array.isArray(login.grants) ? login : null
  } catch {
    return null
  }
}

function become(login: Login | null): void {
  present = login
  for (const tell of listeners) tell(login)
}

export function beginSession(login: Login): void {
  localStorage.setItem(STORED, JSON.stringify(login))
  become(login)
}

/** The session is over: it was ended here, in another tab, or by time. What was written stays. */
export function sessionIsOver(): void {
  localStorage.removeItem(STORED)
  if (present) become(null)
}

/** Forgets whatever this account left in the browser: the next one may be somebody else. */
export function forgetAccount(username: string): void {
  const own = Object.keys(localStorage).filter((key) => key.startsWith(`hub.draft.${username}.`))
  for (const key of own) localStorage.removeItem(key)
}

export function restoreSession(): void {
  present = readStored(localStorage.getItem(STORED))
  addEventListener('storage', (event) => {
    if (event.key !== STORED) return
    const other = readStored(event.newValue)
    // Another person at this browser: nothing of the page before them may stay on the screen.
    if (other && present && other.username !== present.username) location.reload()
    else become(other)
  })
}

export function useSession(): Login | null {
  const [login, setLogin] = useState(present)
  useEffect(() => {
    listeners.add(setLogin)
    setLogin(present)
    return () => {
      listeners.delete(setLogin)
    }
  }, [])
  return login
}

export function hasRole(me: Me, ...roles: Role[]): boolean {
  return me.grants.some((grant) => roles.includes(grant.role))
}

/** Whether the hub tells an account what happens: auditors look at what was done, and nobody's work waits for them. */
export function isTold(me: Me): boolean {
  return hasRole(me, 'reader', 'technician', 'clinic', 'admin')
}

/** Where an account's work lies. */
export function homeOf(me: Me): string {
  if (hasRole(me, 'reader')) return '/read'
  if (hasRole(me, 'technician')) return '/send'
  if (hasRole(me, 'clinic')) return '/clinic'
  return hasRole(me, 'admin', 'auditor') ? '/admin' : '/account'
}
