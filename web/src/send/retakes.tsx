// Better images that readers ask for: seen by name, or declined with a reason.
import { useState } from 'preact/hooks'
import { post, wordsOf } from '../shell/api'
import { Field, Notice } from '../shell/parts'
import { t, tOr } from '../shell/words'
import { momentOf } from '../site/moments'
import { nameOf } from '../site/person'
import { ActDialog } from './act_dialog'
import type { Arrival, Retake } from './types'

const LONGEST_NOTE = 1000

function DeclineDialog(props: { retake: Retake; onClose: () => void; onDone: () => void }) {
  const { retake, ...ends } = props
  const [reason, setReason] = useState('')
  return (
    <ActDialog
      title={t('send.retake.decline-title')}
      act={t('send.retake.decline')}
      kind="danger"
      send={() => post(`/api/v1/retakes/${retake.retake_id}/decline`, { reason })}
      {...ends}
    >
      <Field label={t('send.retake.why')}>
        <textarea
          required
          autofocus
          rows={3}
          maxLength={LONGEST_NOTE}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </Field>
    </ActDialog>
  )
}

function RetakeLine(props: { retake: Retake; arrival: Arrival | undefined; onDone: () => void }) {
  const { retake, arrival } = props
  const [isDeclining, setDeclining] = useState(false)
  const [problem, setProblem] = useState('')

  async function acknowledge(): Promise<void> {
    try {
      await post(`/api/v1/retakes/${retake.retake_id}/acknowledge`)
      props.onDone()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }

  const count = retake.sop_instance_uids.length
  return (
    <li>
      <p>
        <strong>{tOr(`send.retake.reason.${retake.reason}`, retake.reason)}</strong>{' '}
        {arrival && (
          <>
            <bdi>{nameOf(arrival.patient_name)}</bdi> <bdi class="small">{arrival.patient_id}</bdi>{' '}
            {arrival.modality}
          </>
        )}
      </p>
      {retake.note && (
        <p class="said">
          <bdi>{retake.note}</bdi>
        </p>
      )}
      <p class="small">
        {t('send.retake.asked-by', { name: retake.asked_by_name, at: momentOf(retake.asked_at) })}
        {count > 0 && ` · ${t('send.retake.images', { count })}`}
        {retake.acknowledged_by_name &&
          ` · ${t('send.retake.seen-by', {
            name: retake.acknowledged_by_name,
            at: momentOf(retake.acknowledged_at ?? retake.asked_at),
          })}`}
      </p>
      {problem && <Notice kind="error">{problem}</Notice>}
      <div class="row">
        {retake.state === 'asked' && (
          <button type="button" class="primary" onClick={() => void acknowledge()}>
            {t('send.retake.acknowledge')}
          </button>
        )}
        <button type="button" class="danger" onClick={() => setDeclining(true)}>
          {t('send.retake.decline')}
        </button>
        <span class="small">{t('send.retake.send-to-answer')}</span>
      </div>
      {isDeclining && (
        <DeclineDialog
          retake={retake}
          onClose={() => setDeclining(false)}
          onDone={() => {
            setDeclining(false)
            props.onDone()
          }}
        />
      )}
    </li>
  )
}

export function Retakes(props: {
  retakes: readonly Retake[]
  arrivals: readonly Arrival[]
  onDone: () => void
}) {
  if (!props.retakes.length) return null
  return (
    <section class="retakes" aria-labelledby="retakes-title">
      <h2 id="retakes-title">{t('send.retake.title', { count: props.retakes.length })}</h2>
      <ul>
        {props.retakes.map((retake) => (
          <RetakeLine
            key={retake.retake_id}
            retake={retake}
            arrival={props.arrivals.find(({ case_id }) => case_id === retake.case_id)}
            onDone={props.onDone}
          />
        ))}
      </ul>
    </section>
  )
}
