// How the hub fares: what is well, what is not, and what nobody sees to.
import type { ComponentChildren } from 'preact'
import { t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { useListed } from './listed'
import { Rows, Section } from './parts'
import { moment, size, span, sum } from './told'
import type { Alarm, Figures, Items, UnroutedCase } from './types'

type Standing = 'green' | 'amber' | 'red'
const STUCK = 300
const BEHIND = 1_000
const LONG = 3_600

function Tile(props: { name: string; standing: Standing; figure: string; children?: ComponentChildren }) {
  return (
    <li class={`tile ${props.standing}`}>
      <span class="tile-name">{props.name}</span>
      <strong class="tile-figure">{props.figure}</strong>
      <span class={`mark ${props.standing}`}>{t(`admin.standing.${props.standing}`)}</span>
      {props.children && <span class="small">{props.children}</span>}
    </li>
  )
}

function by(isBad: boolean, isDoubtful = false): Standing {
  if (isBad) return 'red'
  return isDoubtful ? 'amber' : 'green'
}

function Tiles({ now }: { now: Figures }) {
  const rooms = Object.entries(now.free_bytes)
  const least = Math.min(...rooms.map(([, bytes]) => bytes))
  const lag = Math.max(0, ...Object.values(now.feed_lag))
  const [late, gaveUp] = [sum(now.jobs_late), sum(now.jobs_given_up)]
  const [waiting, overdue] = [sum(now.cases_waiting), sum(now.cases_overdue)]
  const undecided = now.kept_aside_undecided + now.flagged_studies
  return (
    <ul class="tiles">
      <Tile
        name={t('admin.disk')}
        standing={by(!now.takes_more)}
        figure={rooms.length ? size(least) : t('admin.of-a-server')}
      >
        {rooms.map(([disk, bytes]) => `${tOr(`admin.disk.${disk}`, disk)} ${size(bytes)}`).join(' · ')}
      </Tile>
      <Tile name={t('admin.database')} standing="green" figure={t('admin.answers')}>
        {now.database === 'sqlite' ? 'SQLite' : 'PostgreSQL'}
      </Tile>
      <Tile
        name={t('admin.object-store')}
        standing={by(!now.object_store_answers)}
        figure={now.object_store_answers ? t('admin.answers') : t('admin.silent')}
      >
        {now.object_store === 's3' ? 'S3' : t('admin.files')}
      </Tile>
      <Tile name={t('admin.feed-lag')} standing={by(false, lag > BEHIND)} figure={String(lag)}>
        {Object.entries(now.feed_lag)
          .map(([follower, number]) => `${follower} ${number}`)
          .join(' · ')}
      </Tile>
      <Tile name={t('admin.jobs')} standing={by(gaveUp > 0, late > 0)} figure={String(sum(now.jobs_waiting))}>
        {t('admin.jobs-more', { late, given_up: gaveUp })}
      </Tile>
      <Tile
        name={t('admin.oldest-waiting')}
        standing={by(overdue > 0, now.oldest_waiting_seconds > LONG)}
        figure={waiting ? span(now.oldest_waiting_seconds) : t('admin.nothing-waits')}
      >
        {t('admin.cases-more', { waiting, claimed: sum(now.cases_claimed), overdue })}
      </Tile>
      <Tile
        name={t('admin.undecided')}
        standing={by(now.patient_conflicts > 0, undecided > 0)}
        figure={String(undecided)}
      >
        {t('admin.undecided-more', { conflicts: now.patient_conflicts, size: size(now.kept_aside_bytes) })}
      </Tile>
      <Tile
        name={t('admin.audit-chain')}
        standing={by(false, now.audit_unchained_seconds > STUCK)}
        figure={String(now.audit_unchained)}
      >
        {t('admin.audit-more')}
      </Tile>
    </ul>
  )
}

export function Alarms() {
  const alarms = useListed<Items<Alarm>>('/api/v1/alarms')
  const items = alarms.body?.items ?? []
  return (
    <Section title={t('admin.alarms')} problem={alarms.problem}>
      <Rows
        heads={[t('admin.what'), t('admin.site'), t('admin.detail')]}
        isEmpty={!items.length}
        empty={alarms.body ? t('admin.no-alarms') : t('admin.loading')}
      >
        {items.map((alarm) => (
          <tr key={`${alarm.kind} ${alarm.site_id}`}>
            <td>
              <span class="mark red">{tOr(`admin.alarm.${alarm.kind}`, alarm.kind)}</span>
            </td>
            <td>{siteName(alarm.site_id)}</td>
            <td>{alarm.detail}</td>
          </tr>
        ))}
      </Rows>
    </Section>
  )
}

export function Unrouted() {
  const found = useListed<Items<UnroutedCase>>('/api/v1/cases/unrouted')
  const items = found.body?.items ?? []
  if (found.body && !items.length) return null
  return (
    <Section title={t('admin.unrouted')} text={t('admin.unrouted-text')} problem={found.problem}>
      <Rows
        heads={[t('admin.site'), t('admin.modality'), t('admin.due'), t('admin.why'), '']}
        isEmpty={!items.length}
        empty={t('admin.loading')}
      >
        {items.map((each) => (
          <tr key={each.case_id}>
            <td>{siteName(each.site_id)}</td>
            <td>{each.modalities.join(', ')}</td>
            <td>{moment(each.due_at)}</td>
            <td>{each.reason}</td>
            <td>
              <a href={`/cases/${each.study_instance_uid}?site=${each.site_id}`}>{t('admin.open-case')}</a>
            </td>
          </tr>
        ))}
      </Rows>
    </Section>
  )
}

export function Health({ isEverywhere }: { isEverywhere: boolean }) {
  return (
    <>
      {isEverywhere && <WholeHub />}
      <Alarms />
      <Unrouted />
    </>
  )
}

function WholeHub() {
  const figures = useListed<Figures>('/api/v1/figures', { every: 10_000 })
  return (
    <Section
      title={t('admin.part.health')}
      text={figures.body ? t('admin.version', { version: figures.body.version }) : ''}
      problem={figures.problem}
    >
      {figures.body ? <Tiles now={figures.body} /> : <p class="small">{t('admin.loading')}</p>}
    </Section>
  )
}
