// The reports of the site, those that nobody has opened yet first.
import { t } from '../shell/words'
import { momentOf } from '../site/moments'
import { siteName } from '../site/names'
import { nameOf } from '../site/person'
import type { ReportLine } from './types'

const COLOURS = { preliminary: 'amber', final: 'green', amended: 'red', appended: 'amber' } as const

function Standing({ report }: { report: ReportLine }) {
  if (report.superseded_by)
    return (
      <>
        <span class="mark amber">{t('clinic.superseded')}</span>{' '}
        <a href={`/r/${report.superseded_by}`}>{t('clinic.newer')}</a>
      </>
    )
  const confirmed = report.confirmations.at(-1)
  if (confirmed)
    return (
      <span class="has">
        ✓ {t('clinic.confirmed-by', { name: confirmed.display_name, at: momentOf(confirmed.confirmed_at) })}
      </span>
    )
  return <span class="small">{report.is_received ? t('clinic.opened') : t('clinic.not-opened')}</span>
}

function ReportRow(props: {
  report: ReportLine
  withSite: boolean
  mayConfirm: boolean
  onConfirm: () => void
}) {
  const { report } = props
  const isOpen = !report.superseded_by && !report.confirmations.length
  const name = nameOf(report.patient_name) || t('clinic.no-name')
  return (
    <tr class={report.is_received ? '' : 'unread'}>
      <td>
        {!report.is_received && (
          <span class="dot">
            <span class="sr-only">{t('clinic.unread')}</span>
          </span>
        )}
      </td>
      <th scope="row">
        <a href={`/r/${report.report_id}`}>
          <bdi>{name}</bdi>
        </a>
        <div class="small">
          <bdi>{report.patient_id}</bdi>
        </div>
      </th>
      <td>
        <bdi>{report.modality}</bdi>
        <div class="small">{report.study_date}</div>
        {props.withSite && <div class="small">{siteName(report.site_id)}</div>}
      </td>
      <td>
        <span class={`mark ${COLOURS[report.status]}`}>{t(`clinic.status.${report.status}`)}</span>
        {report.needs_notice && <div class="notice-line">{t('clinic.needs-notice')}</div>}
      </td>
      <td>
        {momentOf(report.signed_at)}
        <div class="small">
          <bdi>{report.reading_physician}</bdi>
        </div>
      </td>
      <td>
        <Standing report={report} />
      </td>
      <td class="acts">
        <a class="button" href={`/r/${report.report_id}`} aria-label={t('clinic.open-for', { name })}>
          {t('clinic.open')}
        </a>
        {report.is_published && (
          <a
            class="button"
            href={`/api/v1/reports/${report.report_id}/pdf`}
            download
            aria-label={t('clinic.pdf-for', { name })}
          >
            PDF
          </a>
        )}
        {props.mayConfirm && isOpen && (
          <button
            type="button"
            class={report.is_received ? 'primary' : ''}
            onClick={props.onConfirm}
            aria-label={t('clinic.confirm-for', { name })}
          >
            {t('clinic.confirm.do')}
          </button>
        )}
      </td>
    </tr>
  )
}

export function InboxTable(props: {
  reports: readonly ReportLine[]
  withSites: boolean
  mayConfirm: boolean
  onConfirm: (report: ReportLine) => void
}) {
  return (
    <table class="inbox">
      <thead>
        <tr>
          <td />
          <th scope="col">{t('clinic.column.patient')}</th>
          <th scope="col">{t('clinic.column.study')}</th>
          <th scope="col">{t('clinic.column.report')}</th>
          <th scope="col">{t('clinic.column.signed')}</th>
          <th scope="col">{t('clinic.column.standing')}</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {props.reports.map((report) => (
          <ReportRow
            key={report.report_id}
            report={report}
            withSite={props.withSites}
            mayConfirm={props.mayConfirm}
            onConfirm={() => props.onConfirm(report)}
          />
        ))}
      </tbody>
    </table>
  )
}
