// A list that is always as the hub has it: asked for again when something happened, and never too often.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Problem, wordsOf } from '../shell/api'
import { type Told, useLive } from '../shell/live'

const SHORTEST_PAUSE = 1_000
const AGAIN_AFTER = 5_000

export interface Fresh<Body> {
  body: Body | null
  problem: string
  again: () => void
}

/** Asks with `ask` at the start, when `key` changes, and after each change that `matters`. */
export function useFresh<Body>(
  key: string,
  ask: (signal: AbortSignal) => Promise<Body>,
  matters: (told: Told) => boolean = () => true,
): Fresh<Body> {
  const [body, setBody] = useState<Body | null>(null)
  const [problem, setProblem] = useState('')
  const newest = useRef(ask)
  newest.current = ask
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const askedAt = useRef(0)
  const going = useRef<AbortController | null>(null)
  const isLate = useRef(false)

  const soon = useCallback(() => {
    // What happens while an answer is on its way may not be in it: it is asked for once more, not from anew.
    if (going.current) isLate.current = true
    else {
      const pause = Math.max(0, askedAt.current + SHORTEST_PAUSE - Date.now())
      waiting.current ??= setTimeout(() => void now(), pause)
    }
  }, [])

  const now = useCallback(async () => {
    clearTimeout(waiting.current)
    waiting.current = undefined
    going.current?.abort()
    const own = new AbortController()
    going.current = own
    isLate.current = false
    askedAt.current = Date.now()
    try {
      const answer = await newest.current(own.signal)
      if (own.signal.aborted) return
      setBody(answer)
      setProblem('')
    } catch (error) {
      if (own.signal.aborted) return
      setProblem(wordsOf(error))
      if (error instanceof Problem && error.isPassing)
        waiting.current ??= setTimeout(() => void now(), AGAIN_AFTER)
    } finally {
      if (going.current === own) going.current = null
      if (isLate.current && !own.signal.aborted) soon()
    }
  }, [soon])

  useEffect(() => {
    void now()
    return () => {
      clearTimeout(waiting.current)
      waiting.current = undefined
      going.current?.abort()
    }
  }, [key, now])

  useLive((told) => {
    if (told === null || matters(told)) soon()
  })
  return { body, problem, again: soon }
}
