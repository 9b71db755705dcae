// What the site asks about a study: question, history, urgency.
import { useState } from 'preact/hooks'
import { post } from '../shell/api'
import { Field } from '../shell/parts'
import { t } from '../shell/words'
import { nameOf } from '../site/person'
import { ActDialog } from './act_dialog'
import type { Arrival, Urgency } from './types'

const LONGEST_TEXT = 10_000
const URGENCIES: Urgency[] = ['routine', 'urgent', 'emergency']

export function QuestionDialog(props: { arrival: Arrival; onClose: () => void; onDone: () => void }) {
  const { arrival, ...ends } = props
  const [question, setQuestion] = useState(arrival.clinical_question)
  const [history, setHistory] = useState(arrival.history)
  const [urgency, setUrgency] = useState(arrival.urgency)

  const ask = () =>
    post('/api/v1/requests', {
      site_id: arrival.site_id,
      study_instance_uid: arrival.study_instance_uid,
      urgency,
      clinical_question: question,
      history,
    })

  return (
    <ActDialog title={t('send.question.title')} act={t('send.question.save')} send={ask} {...ends}>
      <p>
        <bdi>{nameOf(arrival.patient_name)}</bdi> <bdi class="small">{arrival.patient_id}</bdi> ·{' '}
        <bdi>{[arrival.modality, arrival.study_description].filter(Boolean).join(' ')}</bdi>
      </p>
      <fieldset class="urgency">
        <legend>{t('send.question.urgency')}</legend>
        {URGENCIES.map((each) => (
          <label key={each} class={each}>
            <input
              type="radio"
              name="urgency"
              value={each}
              checked={urgency === each}
              onChange={() => setUrgency(each)}
            />
            {t(`send.urgency.${each}`)}
          </label>
        ))}
      </fieldset>
      <Field label={t('send.question.question')}>
        <textarea
          autofocus
          rows={3}
          maxLength={LONGEST_TEXT}
          value={question}
          onInput={(event) => setQuestion(event.currentTarget.value)}
        />
      </Field>
      <Field label={t('send.question.history')}>
        <textarea
          rows={3}
          maxLength={LONGEST_TEXT}
          value={history}
          onInput={(event) => setHistory(event.currentTarget.value)}
        />
      </Field>
    </ActDialog>
  )
}
