// What happens at the hub, told as it happens; and whether we are being told.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, onLine } from './api'
import { isTold, session } from './session'

export interface Change {
  kind: string
  site_id: string | null
  study_instance_uid: string | null
  case_id: string | null
}

/** `null` stands for "too much happened, or nobody knows what": look at everything again. */
export type Told = Change | null
export type LiveState = 'live' | 'lost' | 'beginning'

const SILENCE = 45_000
const LONGEST_PAUSE = 30_000
const GRACE = 4_000

const followers = new Set<(told: Told) => void>()
const watchers = new Set<(state: LiveState) => void>()
let state: LiveState = 'beginning'
let source: EventSource | null = null
let heardAt = 0
let attempts = 0
let hasBegun = false
let waiting: ReturnType<typeof setTimeout> | undefined

export function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE, 1000 * 2 ** Math.min(failures, 10))
}

export function changeOf(text: string): Told {
  try {
    const change = JSON.parse(text) as Partial<Change>
    if (typeof change.kind !== 'string') return null
    return {
      kind: change.kind,
      site_id: change.site_id ?? null,
      study_instance_uid: change.study_instance_uid ?? null,
      case_id: change.case_id ?? null,
    }
  } catch {
    return null
  }
}

function become(next: LiveState): void {
  if (next === state) return
  state = next
  for (const tell of watchers) tell(next)
}

function tell(told: Told): void {
  for (const follow of followers) follow(told)
}

function heard(): void {
  clearTimeout(waiting)
  heardAt = Date.now()
  attempts = 0
  become('live')
}

function open(): void {
  clearTimeout(waiting)
  source?.close()
  const me = session()
  if (!me || !isTold(me)) return
  source = new EventSource('/api/v1/events')
  // After a pause, or a login over a page that could load nothing, nobody can say what was missed.
  const isReturn = hasBegun
  hasBegun = true
  source.addEventListener('ready', () => {
    heard()
    if (isReturn) tell(null)
  })
  source.addEventListener('change', (event) => {
    heard()
    tell(changeOf(event.data))
  })
  source.addEventListener('resync', () => {
    heard()
    tell(null)
  })
  source.onerror = () => {
    // A stream ends now and then; the browser comes back by itself and is told what it missed.
    clearTimeout(waiting)
    if (source?.readyState === EventSource.CONNECTING) waiting = setTimeout(() => become('lost'), GRACE)
    else {
      become('lost')
      waiting = setTimeout(open, pauseAfter(attempts++))
    }
  }
}

async function lookWhetherAlive(): Promise<void> {
  if (!session() || document.visibilityState === 'hidden') return
  if (state === 'live' && Date.now() - heardAt < SILENCE) return
  try {
    // A line that was cut without a word looks like a hub where nothing happens.
    await ask('GET', '/healthz', { accept: '*/*', timeout: 10_000 })
    heardAt = Date.now()
    if (state === 'lost') open()
  } catch {
    become('lost')
  }
}

/** Begins to follow; call once, and again after another login. */
export function beginLive(): void {
  open()
}

export function endLive(): void {
  clearTimeout(waiting)
  source?.close()
  source = null
  become('beginning')
}

let isWatched = false
export function watchLine(): void {
  if (isWatched) return
  isWatched = true
  addEventListener('offline', () => become('lost'))
  addEventListener('online', open)
  onLine((isUp) => {
    if (!isUp) become('lost')
    else if (state === 'lost' && attempts > 1) open()
  })
  setInterval(() => void lookWhetherAlive(), 15_000)
}

export function useLiveState(): LiveState {
  const [shown, setShown] = useState(state)
  useEffect(() => {
    watchers.add(setShown)
    setShown(state)
    return () => {
      watchers.delete(setShown)
    }
  }, [])
  return shown
}

/** Calls `follow` for each change; the newest one given counts. */
export function useLive(follow: (told: Told) => void): void {
  const newest = useRef(follow)
  newest.current = follow
  useEffect(() => {
    const each = (told: Told) => newest.current(told)
    followers.add(each)
    return () => {
      followers.delete(each)
    }
  }, [])
}
