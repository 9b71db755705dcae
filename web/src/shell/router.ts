// Addresses and pages: each page is a chunk of its own, with its own words.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Role } from './session'

export interface PageProps {
  /** What stands in the address in place of the braces. */
  place: Record<string, string>
}

export interface PageModule {
  default: ComponentType<PageProps>
}

export interface Route {
  path: string
  theme: 'dark' | 'light'
  words: string[]
  /** Whose work the page is; nobody's in particular where this is not given. */
  roles?: Role[]
  load: () => Promise<PageModule>
}

export const ROUTES: Route[] = [
  {
    path: '/read',
    theme: 'dark',
    words: ['read', 'viewer', 'keys'],
    roles: ['reader'],
    load: () => import('../read/page'),
  },
  {
    path: '/send',
    theme: 'light',
    words: ['send'],
    roles: ['technician', 'admin'],
    load: () => import('../send/page'),
  },
  {
    path: '/clinic',
    theme: 'light',
    words: ['clinic'],
    roles: ['clinic', 'technician', 'admin'],
    load: () => import('../clinic/page'),
  },
  { path: '/cases/{study}', theme: 'light', words: ['cases'], load: () => import('../cases/page') },
  {
    path: '/view/{site}/{study}',
    theme: 'dark',
    words: ['viewer', 'keys'],
    load: () => import('../view/page'),
  },
  {
    path: '/admin',
    theme: 'light',
    words: ['admin'],
    roles: ['admin', 'auditor'],
    load: () => import('../admin/page'),
  },
  { path: '/account', theme: 'light', words: ['account'], load: () => import('../account/page') },
]

/** The route of an address and what its braces stand for. */
export function routeOf(
  path: string,
  routes: Route[] = ROUTES,
): { route: Route; place: Record<string, string> } | null {
  const steps = path.split('/').filter(Boolean)
  for (const route of routes) {
    const wanted = route.path.split('/').filter(Boolean)
    if (wanted.length !== steps.length) continue
    const place: Record<string, string> = {}
    const fits = wanted.every((step, index) => {
      const given = steps[index]!
      if (!step.startsWith('{')) return step === given
      place[step.slice(1, -1)] = decoded(given)
      return true
    })
    if (fits) return { route, place }
  }
  return null
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

const listeners = new Set<() => void>()

export function navigate(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  for (const tell of listeners) tell()
}

export function beginRouting(): void {
  addEventListener('popstate', () => {
    for (const tell of listeners) tell()
  })
  addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a')
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey)
      return
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    // Only pages of this application; what the hub renders itself is loaded.
    if (link.pathname !== '/' && !routeOf(link.pathname)) return
    event.preventDefault()
    navigate(link.pathname + link.search + link.hash)
  })
}

/** The address, also after it has changed. */
export function useAddress(): { path: string; search: string } {
  const read = () => ({ path: location.pathname, search: location.search })
  const [address, setAddress] = useState(read)
  useEffect(() => {
    const tell = () => setAddress(read())
    listeners.add(tell)
    return () => {
      listeners.delete(tell)
    }
  }, [])
  return address
}
