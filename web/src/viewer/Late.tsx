import type { ComponentType, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** Return a component that is fetched when it is first shown: who never needs it never waits for it. */
export function late<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => JSX.Element | null {
  let loaded: ComponentType<Props> | undefined
  return function Late(props) {
    const [, setLoaded] = useState(false)
    useEffect(() => {
      if (loaded !== undefined) return
      void load().then((found) => {
        loaded = found
        setLoaded(true)
      })
    }, [])
    const Found = loaded
    return Found === undefined ? null : <Found {...props} />
  }
}
