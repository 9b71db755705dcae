// A named person says that the clinic has the report.
import { useState } from 'preact/hooks'
import { post, wordsOf } from '../shell/api'
import { Dialog, Field, Notice } from '../shell/parts'
import { t } from '../shell/words'
import { nameOf } from '../site/person'
import type { ReportLine } from './types'

const LONGEST_NAME = 200

export function ConfirmDialog(props: {
  report: ReportLine
  person: string
  onClose: () => void
  onDone: () => void
}) {
  const { report } = props
  const [name, setName] = useState(props.person)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)

  async function confirm(event: Event): Promise<void> {
    event.preventDefault()
    setBusy(true)
    try {
      await post(`/api/v1/reports/${report.report_id}/confirm`, { name: name.trim() })
      props.onDone()
    } catch (error) {
      setProblem(wordsOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog title={t('clinic.confirm.title')} onClose={props.onClose}>
      <p>
        <bdi>{nameOf(report.patient_name)}</bdi> <bdi class="small">{report.patient_id}</bdi> ·{' '}
        <bdi>{report.modality}</bdi> · {t(`clinic.status.${report.status}`)}
      </p>
      <form onSubmit={confirm}>
        <Field label={t('clinic.confirm.name')}>
          <input
            required
            autofocus
            maxLength={LONGEST_NAME}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </Field>
        <p class="small">{t('clinic.confirm.what')}</p>
        {problem && <Notice kind="error">{problem}</Notice>}
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            {t('shell.cancel')}
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            {t('clinic.confirm.do')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
