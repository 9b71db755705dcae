// What is known of the case on the screen: who, what is asked, what came before.
import { useEffect, useState } from 'preact/hooks'
import { get } from '../shell/api'
import { Notice } from '../shell/parts'
import { locale, t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { ageAt, personName } from './cases'
import { urgencyWords } from './List'
import type { Case, Prior, Report } from './types'

export const moment = (value: string) =>
  new Date(value).toLocaleString(locale(), { dateStyle: 'short', timeStyle: 'short' })

/** Minutes by which a device's clock may be ahead without a word. */
const WORTH_A_WORD = 5

export function Person({ each }: { each: Case }) {
  const skew = Math.floor((each.clock_skew_seconds ?? 0) / 60)
  const age = ageAt(each.patient_birth_date, each.study_date ?? each.first_received_at.slice(0, 10))
  const details = [
    tOr(`read.sex.${each.patient_sex}`, each.patient_sex),
    age === null ? '' : t('read.years', { age }),
    each.patient_birth_date ?? '',
    each.patient_id && `ID ${each.patient_id}`,
  ]
  return (
    <header class="person">
      <h1>
        {personName(each.patient_name)}
        {each.urgency !== 'routine' && (
          <span class={`mark ${each.urgency}`}>{urgencyWords(each.urgency)}</span>
        )}
      </h1>
      <p class="small">{details.filter(Boolean).join(' · ')}</p>
      <p class="small">
        {[each.modality, each.study_description, each.study_date, siteName(each.site_id)].filter(Boolean).join(' · ')}
      </p>
      {each.studies.some((study) => study.has_patient_conflict) ? (
        <Notice kind="error">{t('read.patient-conflict')}</Notice>
      ) : (
        each.studies.some((study) => study.patient_differences.length) && (
          <Notice kind="warning">{t('read.patient-differences')}</Notice>
        )
      )}
      {skew > WORTH_A_WORD && <p class="small">{t('read.clock-ahead', { minutes: skew })}</p>}
      {each.text_finding && (
        <Notice kind="warning">{tOr(`read.text.${each.text_finding}`, each.text_finding)}</Notice>
      )}
    </header>
  )
}

export function Request({ each }: { each: Case }) {
  const retake = each.open_retake
  return (
    <section class="request" aria-label={t('read.request')}>
      <h2>{t('read.question')}</h2>
      <p class="asked">{each.clinical_question || <span class="small">{t('read.no-question')}</span>}</p>
      {each.history && (
        <>
          <h2>{t('read.history')}</h2>
          <p class="asked">{each.history}</p>
        </>
      )}
      {retake && (
        <Notice kind="warning">
          {t('read.retake.asked', { name: retake.asked_by_name })}{' '}
          {tOr(`read.retake.${retake.reason}`, retake.reason)} {retake.note}
        </Notice>
      )}
    </section>
  )
}

export function Priors(props: { each: Case; beside: string; onBeside: (prior: Prior | null) => void }) {
  const [priors, setPriors] = useState<Prior[] | null>(null)
  const { case_id: caseId } = props.each
  useEffect(() => {
    const stop = new AbortController()
    setPriors(null)
    get<{ items: Prior[] }>(`/api/v1/cases/${caseId}/priors`, stop.signal).then(
      ({ items }) => setPriors(items),
      () => setPriors((before) => before ?? []),
    )
    return () => stop.abort()
  }, [caseId])
  if (!priors?.length) return null
  return (
    <section aria-label={t('read.priors')}>
      <h2>{t('read.priors')}</h2>
      <ul class="priors">
        {priors.map((prior) => (
          <li key={prior.case_id}>
            <div class="row">
              <strong>{prior.modality}</strong>
              <span>{prior.study_date ?? moment(prior.first_received_at)}</span>
              <span class="grow cut">{prior.study_description}</span>
              <button
                type="button"
                aria-pressed={props.beside === prior.case_id}
                onClick={() => props.onBeside(props.beside === prior.case_id ? null : prior)}
              >
                {t('read.beside')}
              </button>
            </div>
            {prior.relation === 'candidate' && (
              <p class="small">
                <span class="mark amber">{t('read.candidate')}</span> {personName(prior.patient_name)} ·{' '}
                {siteName(prior.site_id)} · ID {prior.patient_id}
              </p>
            )}
            {prior.reports.map((report) => (
              <PriorWords
                key={report.report_id}
                path={report.path}
                impression={report.impression}
                signedAt={report.signed_at}
              />
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

function PriorWords(props: { path: string; impression: string; signedAt: string }) {
  const [report, setReport] = useState<Report | null>(null)
  const load = () => {
    if (!report) get<Report>(props.path).then(setReport, () => undefined)
  }
  return (
    <details onToggle={(event) => event.currentTarget.open && load()}>
      <summary>{props.impression}</summary>
      <p class="asked">{report ? report.document.findings : '…'}</p>
      <p class="small">{moment(props.signedAt)}</p>
    </details>
  )
}
