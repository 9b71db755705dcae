// What is known of the case on the screen: who it is, and what is asked.
import { Notice } from '../shell/parts'
import { t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { ageAt, personName } from './cases'
import { urgencyWords } from './List'
import type { Case } from './types'

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
        {[each.modality, each.study_description, each.study_date, siteName(each.site_id)]
          .filter(Boolean)
          .join(' · ')}
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
