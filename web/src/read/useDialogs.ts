// The dialogs, loaded when the first of them may be wanted: a reader looks at list and images first.
import { useEffect, useState } from 'preact/hooks'

type Dialogs = typeof import('./dialogs')
let loaded: Dialogs | null = null

export function useDialogs(isWanted: boolean): Dialogs | null {
  const [dialogs, setDialogs] = useState(loaded)
  useEffect(() => {
    if (!isWanted || dialogs) return
    void import('./dialogs').then((module) => {
      loaded = module
      setDialogs(module)
    })
  }, [isWanted, dialogs])
  return dialogs
}
