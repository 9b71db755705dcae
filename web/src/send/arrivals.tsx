// The studies of the site, newest first, each with its picture and how far it is.
import { useState } from 'preact/hooks'
import { t } from '../shell/words'
import { momentOf } from '../site/moments'
import { siteName } from '../site/names'
import { ageAt, nameOf } from '../site/person'
import { Steps } from './steps'
import type { Arrival } from './types'

function Picture({ arrival }: { arrival: Arrival }) {
  const [failedAt, setFailedAt] = useState(-1)
  // A study without an image yet may have one when more of it has come.
  if (failedAt === arrival.number_of_instances || !arrival.number_of_instances)
    return (
      <span class="picture none" aria-hidden="true">
        {arrival.modality || '—'}
      </span>
    )
  return (
    <img
      class="picture"
      src={arrival.thumbnail}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setFailedAt(arrival.number_of_instances)}
    />
  )
}

function personLine(arrival: Arrival): string {
  const age = ageAt(arrival.patient_birth_date, new Date(arrival.first_received_at))
  const sex = arrival.patient_sex === 'M' || arrival.patient_sex === 'F' || arrival.patient_sex === 'O'
  return [
    sex && t(`send.sex.${arrival.patient_sex as 'M' | 'F' | 'O'}`),
    age &&
      (age.years < 2
        ? t('send.age.months', { count: age.months })
        : t('send.age.years', { count: age.years })),
  ]
    .filter(Boolean)
    .join(' ')
}

function Marks({ arrival }: { arrival: Arrival }) {
  return (
    <>
      {arrival.urgency !== 'routine' && (
        <span class={`mark ${arrival.urgency === 'emergency' ? 'red' : 'amber'}`}>
          {t(`send.urgency.${arrival.urgency}`)}
        </span>
      )}
      {arrival.retake && <span class="mark red">{t('send.retake.mark')}</span>}
      {arrival.identity_to_be_confirmed && <span class="mark red">{t('send.attach.mark')}</span>}
      {arrival.patient_in_doubt && <span class="mark red">{t('send.patient-in-doubt')}</span>}
      {arrival.text_finding && <span class="mark amber">{t('send.text-in-doubt')}</span>}
    </>
  )
}

function ArrivalLine(props: {
  arrival: Arrival
  withSite: boolean
  onAsk: () => void
  onAttach: (() => void) | undefined
}) {
  const { arrival, onAsk } = props
  const name = nameOf(arrival.patient_name) || t('send.no-name')
  const study = [arrival.modality, arrival.study_description].filter(Boolean).join(' · ')
  return (
    <li class={`arrival ${arrival.state}`} aria-label={name}>
      <Picture arrival={arrival} />
      <div class="who">
        <h3>
          <bdi>{name}</bdi> <span class="small">{personLine(arrival)}</span> <Marks arrival={arrival} />
        </h3>
        <div class="small">
          <bdi>{arrival.patient_id}</bdi> · <bdi>{study}</bdi> ·{' '}
          {t('send.arrived-at', { at: momentOf(arrival.first_received_at) })}
          {props.withSite && ` · ${siteName(arrival.site_id)}`}
        </div>
      </div>
      <Steps arrival={arrival} />
      <div class="asked">
        {arrival.clinical_question || arrival.history ? (
          <>
            <p class="said">
              <bdi>{arrival.clinical_question}</bdi>
            </p>
            {arrival.history && (
              <p class="said small">
                <bdi>{arrival.history}</bdi>
              </p>
            )}
          </>
        ) : (
          <p class="small">{t('send.question.none')}</p>
        )}
      </div>
      <div class="acts">
        {arrival.report && (
          <a class="button primary" href={`/r/${arrival.report.report_id}`}>
            {t('send.open-report')}
          </a>
        )}
        {arrival.state !== 'reported' && (
          <button type="button" onClick={onAsk}>
            {arrival.clinical_question || arrival.history
              ? t('send.question.change')
              : t('send.question.add')}
          </button>
        )}
        {arrival.identity_to_be_confirmed && props.onAttach && (
          <button type="button" onClick={props.onAttach}>
            {t('send.attach.do')}
          </button>
        )}
        <a
          href={`/cases/${arrival.study_instance_uid}?site=${arrival.site_id}`}
          aria-label={t('send.open-case-for', { name })}
        >
          {t('send.open-case')}
        </a>
        {arrival.original && (
          <a href={arrival.original} download>
            {t('send.original')}
          </a>
        )}
      </div>
    </li>
  )
}

export function Arrivals(props: {
  arrivals: readonly Arrival[]
  withSites: boolean
  onAsk: (arrival: Arrival) => void
  /** Undefined for who may not. */
  onAttach: ((arrival: Arrival) => void) | undefined
}) {
  if (!props.arrivals.length) return <p class="empty">{t('send.nothing')}</p>
  return (
    <ul class="arrivals" aria-label={t('send.arrivals')}>
      {props.arrivals.map((arrival) => (
        <ArrivalLine
          key={arrival.case_id}
          arrival={arrival}
          withSite={props.withSites}
          onAsk={() => props.onAsk(arrival)}
          onAttach={props.onAttach && (() => props.onAttach?.(arrival))}
        />
      ))}
    </ul>
  )
}
