// Results that may change what is done with a patient now, and that nobody of the site has opened.
import { t } from '../shell/words'
import { momentOf } from '../site/moments'
import { nameOf } from '../site/person'
import type { Arrival } from './types'

/** Reports of emergencies, and corrected ones; what a reader calls critical is no property of a report yet. */
export function isToLookAt({ report, urgency }: Arrival): boolean {
  return Boolean(report && !report.is_received && (urgency === 'emergency' || report.status === 'amended'))
}

export function ToLookAt({ arrivals }: { arrivals: readonly Arrival[] }) {
  const results = arrivals.filter(isToLookAt)
  if (!results.length) return null
  return (
    <section class="retakes to-look-at" aria-labelledby="to-look-at-title">
      <h2 id="to-look-at-title">{t('send.look.title', { count: results.length })}</h2>
      <ul>
        {results.map(({ report, ...arrival }) => (
          <li key={arrival.case_id}>
            <p>
              <span class="mark red">
                {t(report?.status === 'amended' ? 'send.look.amended' : 'send.urgency.emergency')}
              </span>{' '}
              <strong>
                <bdi>{nameOf(arrival.patient_name) || arrival.patient_id}</bdi>
              </strong>{' '}
              <bdi class="small">{arrival.patient_id}</bdi> {arrival.modality}{' '}
              <span class="small">
                {t('send.look.signed', {
                  name: arrival.reading_physician ?? '',
                  at: momentOf(report?.signed_at ?? ''),
                })}
              </span>
            </p>
            <a class="button primary" href={`/r/${report?.report_id}`}>
              {t('send.look.open')}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}
