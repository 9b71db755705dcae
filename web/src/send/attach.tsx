// Whom a study shows that came without a patient ID, or that contradicts what is known.
import { useState } from 'preact/hooks'
import { post, wordsOf } from '../shell/api'
import { Dialog, Field, Notice } from '../shell/parts'
import { t } from '../shell/words'
import type { Arrival } from './types'

const LONGEST = 64
const SEXES = ['', 'F', 'M', 'O'] as const

export function AttachDialog(props: { arrival: Arrival; onClose: () => void; onDone: () => void }) {
  const { arrival } = props
  const [problem, setProblem] = useState('')

  async function attach(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const given = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement))
    try {
      await post(`/api/v1/studies/${arrival.study_instance_uid}/patient/attach`, {
        ...given,
        site_id: arrival.site_id,
        patient_birth_date: given.patient_birth_date || null,
      })
      props.onDone()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }

  return (
    <Dialog title={t('send.attach.title')} onClose={props.onClose}>
      <p class="small">{t('send.attach.what')}</p>
      <form onSubmit={attach}>
        <Field label={t('send.attach.id')}>
          <input name="patient_id" required autofocus maxLength={LONGEST} value={arrival.patient_id} />
        </Field>
        <Field label={t('send.attach.name')}>
          <input name="patient_name" required maxLength={194} value={arrival.patient_name} />
        </Field>
        <Field label={t('send.attach.sex')}>
          <select name="patient_sex" value={arrival.patient_sex}>
            {SEXES.map((sex) => (
              <option key={sex} value={sex}>
                {sex ? t(`send.sex.${sex}`) : '—'}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('send.attach.birth')}>
          <input type="date" name="patient_birth_date" value={arrival.patient_birth_date ?? ''} />
        </Field>
        <Field label={t('send.attach.reason')}>
          <textarea name="reason" required rows={2} maxLength={500} />
        </Field>
        {problem && <Notice kind="error">{problem}</Notice>}
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            {t('shell.cancel')}
          </button>
          <button type="submit" class="primary">
            {t('send.attach.do')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
