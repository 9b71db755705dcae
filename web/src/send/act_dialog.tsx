// A dialog whose form does one act; where the hub refuses, it stays and says why.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { wordsOf } from '../shell/api'
import { Dialog, Notice } from '../shell/parts'
import { t } from '../shell/words'

export function ActDialog(props: {
  title: string
  act: string
  kind?: 'danger'
  send: (given: FormData) => Promise<unknown>
  onClose: () => void
  onDone: () => void
  children: ComponentChildren
}) {
  const [problem, setProblem] = useState('')

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    try {
      await props.send(new FormData(event.currentTarget as HTMLFormElement))
      props.onDone()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }

  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={submit}>
        {props.children}
        {problem && <Notice kind="error">{problem}</Notice>}
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            {t('shell.cancel')}
          </button>
          <button type="submit" class={props.kind ?? 'primary'}>
            {props.act}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
