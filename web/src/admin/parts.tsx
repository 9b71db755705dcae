// Small parts of the administrator's page: a form in a dialog, a secret that is shown once, a table.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { post, wordsOf } from '../shell/api'
import { Dialog, Field, Notice } from '../shell/parts'
import { t } from '../shell/words'

export type Values = Record<string, string>

export interface Blank {
  name: string
  label: string
  value?: string
  options?: [value: string, words: string][]
  isRequired?: boolean
  isNumber?: boolean
  isLong?: boolean
  longest?: number
  hint?: string
}

export interface Form {
  title: string
  text?: string
  /** What is to be filled in; it may depend on what is filled in already. */
  blanks: (values: Values) => Blank[]
  submit: string
  isDanger?: boolean
  /** What the hub is asked; what it refuses is shown in the form. */
  send: (values: Values) => Promise<void>
}

function Control({ blank, value, change }: { blank: Blank; value: string; change: (text: string) => void }) {
  const same = { name: blank.name, required: Boolean(blank.isRequired), value }
  if (blank.options) {
    return (
      <select {...same} onChange={(event) => change(event.currentTarget.value)}>
        {blank.options.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    )
  }
  if (blank.isLong)
    return (
      <textarea
        {...same}
        rows={3}
        maxLength={blank.longest ?? 500}
        onInput={(event) => change(event.currentTarget.value)}
      />
    )
  return (
    <input
      {...same}
      inputMode={blank.isNumber ? 'numeric' : 'text'}
      pattern={blank.isNumber ? '[0-9]+' : undefined}
      autocomplete="off"
      spellcheck={false}
      maxLength={200}
      onInput={(event) => change(event.currentTarget.value)}
    />
  )
}

/** Puts back into use what was disabled. */
export function enableForm(name: string, path: string, done: () => void, text = ''): Form {
  return {
    title: t('admin.enable-title', { name }),
    text,
    submit: t('admin.enable'),
    blanks: () => [],
    send: async () => {
      await post(path)
      done()
    },
  }
}

export function FormDialog({ form, onClose }: { form: Form; onClose: () => void }) {
  const [typed, setTyped] = useState<Values>({})
  const [refusal, setRefusal] = useState('')
  const [isBusy, setBusy] = useState(false)
  const blanks = form.blanks(typed)
  const filledIn = (blank: Blank) => typed[blank.name] ?? blank.value ?? blank.options?.[0]?.[0] ?? ''

  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setRefusal('')
    try {
      await form.send(Object.fromEntries(blanks.map((blank) => [blank.name, filledIn(blank).trim()])))
      onClose()
    } catch (error) {
      setRefusal(wordsOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog title={form.title} onClose={onClose}>
      <form onSubmit={submit}>
        {form.text && <p>{form.text}</p>}
        {blanks.map((blank) => (
          <Field key={blank.name} label={blank.label}>
            <Control
              blank={blank}
              value={filledIn(blank)}
              change={(text) => setTyped((before) => ({ ...before, [blank.name]: text }))}
            />
            {blank.hint && <span class="small">{blank.hint}</span>}
          </Field>
        ))}
        {refusal && <Notice kind="error">{refusal}</Notice>}
        <div class="row end">
          <button type="button" onClick={onClose}>
            {t('shell.cancel')}
          </button>
          <button type="submit" class={form.isDanger ? 'danger' : 'primary'} disabled={isBusy}>
            {form.submit}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** A password or token: what is closed here cannot be had again. */
export function SecretDialog(props: { title: string; secret: string; onClose: () => void }) {
  const [isCopied, setCopied] = useState(false)
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Notice kind="warning">{t('admin.shown-once')}</Notice>
      <p>
        <code class="secret">{props.secret}</code>
      </p>
      <div class="row end">
        {'clipboard' in navigator && (
          <button
            type="button"
            onClick={() =>
              void navigator.clipboard.writeText(props.secret).then(
                () => setCopied(true),
                () => setCopied(false),
              )
            }
          >
            {isCopied ? t('admin.copied') : t('admin.copy')}
          </button>
        )}
        <button type="button" class="primary" onClick={props.onClose}>
          {t('admin.noted')}
        </button>
      </div>
    </Dialog>
  )
}

export function Section(props: {
  title: string
  text?: string
  problem?: string
  act?: ComponentChildren
  children: ComponentChildren
}) {
  return (
    <section class="card" aria-label={props.title}>
      <div class="section-head">
        <div>
          <h2>{props.title}</h2>
          {props.text && <p class="small">{props.text}</p>}
        </div>
        <div class="row">{props.act}</div>
      </div>
      {props.problem && <Notice kind="error">{props.problem}</Notice>}
      {props.children}
    </section>
  )
}

export function Rows(props: {
  heads: string[]
  isEmpty: boolean
  empty: string
  children: ComponentChildren
}) {
  if (props.isEmpty) return <p class="small">{props.empty}</p>
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            {props.heads.map((head) => (
              <th key={head} scope="col">
                {head || <span class="sr-only">{t('admin.acts')}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  )
}

export function InUse({ isDisabled }: { isDisabled: boolean }) {
  return isDisabled ? (
    <span class="mark">{t('admin.disabled')}</span>
  ) : (
    <span class="mark green">{t('admin.in-use')}</span>
  )
}
