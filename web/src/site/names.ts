// What sites are called: every account knows the names of those it sees, and nobody has to learn identifiers.
import { useEffect, useState } from 'preact/hooks'
import { get } from '../shell/api'
import { session } from '../shell/session'

interface NamedSite {
  site_id: string
  name: string
  is_in_use: boolean
}

const ASK_AGAIN = 60_000
let held: { username: string; at: number; sites: NamedSite[] } | null = null
let asking: Promise<void> | null = null
const listeners = new Set<() => void>()

const own = () => (held && held.username === session()?.username ? held : null)

function ask(): Promise<void> {
  const username = session()?.username
  if (!username || Date.now() - (own()?.at ?? 0) < ASK_AGAIN) return Promise.resolve()
  asking ??= get<{ items: NamedSite[] }>('/api/v1/site-names')
    .then(({ items }) => {
      held = { username, at: Date.now(), sites: items }
      for (const tell of listeners) tell()
    })
    // Without them a page shows identifiers, and asks when it is opened next.
    .catch(() => undefined)
    .finally(() => {
      asking = null
    })
  return asking
}

/** What a site is called; its identifier until that is known. */
export function siteName(siteId: string): string {
  return own()?.sites.find((site) => site.site_id === siteId)?.name ?? siteId
}

/** Draws the page again when names have come; returns the sites that are in use, of those this account sees. */
export function useSiteNames(): readonly string[] {
  const [, redraw] = useState(0)
  useEffect(() => {
    const tell = () => redraw((count) => count + 1)
    listeners.add(tell)
    void ask()
    return () => {
      listeners.delete(tell)
    }
  }, [])
  return (own()?.sites ?? []).filter((site) => site.is_in_use).map((site) => site.site_id)
}
