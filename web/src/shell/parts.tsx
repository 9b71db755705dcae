// Small parts that every page uses.
import type { ComponentChildren, ComponentType, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from './words'

/** A dialog over the page: focus goes in and comes back, Escape closes it. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    element.current?.showModal()
    return () => before?.focus?.()
  }, [])
  return (
    <dialog
      ref={element}
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault()
        props.onClose()
      }}
      // Keys pressed in here belong to the dialog.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header class="dialog-head">
        <h2>{props.title}</h2>
        <button type="button" class="quiet" onClick={props.onClose} aria-label={t('shell.close')}>
          ✕
        </button>
      </header>
      {props.children}
    </dialog>
  )
}

/** Something a person has to know now. */
export function Notice(props: { kind: 'error' | 'warning' | 'info' | 'good'; children: ComponentChildren }) {
  return (
    <div
      class={`notice ${props.kind}`}
      role={props.kind === 'error' || props.kind === 'warning' ? 'alert' : 'status'}
    >
      {props.children}
    </div>
  )
}

export function Field(props: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label class="field">
      <span>{props.label}</span>
      {props.children}
    </label>
  )
}

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
