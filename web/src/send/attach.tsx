// Whom a study shows that came without a patient ID, or that contradicts what is known.
import { post } from '../shell/api'
import { Field } from '../shell/parts'
import { t } from '../shell/words'
import { ActDialog } from './act_dialog'
import type { Arrival } from './types'

const LONGEST = 64
const SEXES = ['', 'F', 'M', 'O'] as const

/** What the device said is there at first only: what was typed stays when the page is drawn anew. */
export function AttachDialog(props: { arrival: Arrival; onClose: () => void; onDone: () => void }) {
  const { arrival, ...ends } = props

  async function attach(form: FormData): Promise<void> {
    const given = Object.fromEntries(form)
    await post(`/api/v1/studies/${arrival.study_instance_uid}/patient/attach`, {
      ...given,
      site_id: arrival.site_id,
      patient_birth_date: given.patient_birth_date || null,
    })
  }

  return (
    <ActDialog title={t('send.attach.title')} act={t('send.attach.do')} send={attach} {...ends}>
      <p class="small">{t('send.attach.what')}</p>
      <Field label={t('send.attach.id')}>
        <input name="patient_id" required autofocus maxLength={LONGEST} defaultValue={arrival.patient_id} />
      </Field>
      <Field label={t('send.attach.name')}>
        <input name="patient_name" required maxLength={194} defaultValue={arrival.patient_name} />
      </Field>
      <Field label={t('send.attach.sex')}>
        <select name="patient_sex">
          {SEXES.map((sex) => (
            <option key={sex} value={sex} selected={sex === arrival.patient_sex}>
              {sex ? t(`send.sex.${sex}`) : '—'}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t('send.attach.birth')}>
        <input type="date" name="patient_birth_date" defaultValue={arrival.patient_birth_date ?? ''} />
      </Field>
      <Field label={t('send.attach.reason')}>
        <textarea name="reason" required rows={2} maxLength={500} />
      </Field>
    </ActDialog>
  )
}
