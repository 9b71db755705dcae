// What the hub lists, kept fresh while it is looked at.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { get, wordsOf } from '../shell/api'
import { useLive } from '../shell/live'

export interface Listed<Body> {
  /** Null until it has come. */
  body: Body | null
  problem: string
  reload: () => void
}

const PAUSE = 2_000

/** Asks for `path` now, every so many milliseconds, and after what happens at the hub. */
export function useListed<Body>(path: string, { every = 30_000 } = {}): Listed<Body> {
  const [body, setBody] = useState<Body | null>(null)
  const [problem, setProblem] = useState('')
  const asked = useRef<AbortController | null>(null)

  const reload = useCallback(() => {
    asked.current?.abort()
    const asking = new AbortController()
    asked.current = asking
    get<Body>(path, asking.signal).then(
      (found) => {
        setBody(found)
        setProblem('')
      },
      (error) => asking.signal.aborted || setProblem(wordsOf(error)),
    )
  }, [path])

  useEffect(() => {
    reload()
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), every)
    return () => {
      clearInterval(timer)
      asked.current?.abort()
    }
  }, [reload, every])

  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(waiting.current), [])
  useLive(() => {
    // A study of hundreds of images is one reason to look again.
    if (waiting.current !== undefined) return
    waiting.current = setTimeout(() => {
      waiting.current = undefined
      reload()
    }, PAUSE)
  })
  return { body, problem, reload }
}
