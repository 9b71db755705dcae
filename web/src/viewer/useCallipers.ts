import { useEffect, useRef, useState } from 'preact/hooks'

/** Where on the sheet, in millimetres. */
export type Place = readonly [number, number]

export interface Span {
  from: Place
  to: Place
}

/** What keys do in an ECG. */
export interface EcgHandle {
  march: () => void
  cancel: () => boolean
  reset: () => void
}

export interface Callipers {
  span: Span | undefined
  /** Whether the same interval is laid on and on. */
  marches: boolean
  set: (span: Span | undefined) => void
  march: () => void
}

/** Hold one pair of callipers, and tell what keys do to them. */
export function useCallipers(
  onHandle: (handle: EcgHandle | undefined) => void,
  onReset: () => void,
): Callipers {
  const [span, setSpan] = useState<Span>()
  const [marches, setMarches] = useState(false)
  const march = (): void => {
    setMarches((before) => !before)
  }
  const newest = useRef({ span, onHandle, onReset })
  newest.current = { span, onHandle, onReset }
  useEffect(() => {
    const { onHandle: tell } = newest.current
    tell({
      march,
      cancel: () => {
        setSpan(undefined)
        return newest.current.span !== undefined
      },
      reset: () => {
        setSpan(undefined)
        newest.current.onReset()
      },
    })
    return () => {
      tell(undefined)
    }
  }, [])
  return { span, marches, set: setSpan, march }
}
