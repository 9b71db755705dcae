// The reading list: emergencies first, clocks that run down, filters, counters.
import { useEffect, useRef } from 'preact/hooks'
import { keysShown } from '../keys'
import { session } from '../shell/session'
import { locale, t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { ageAt, type Counts, clockOf, type Filter, isHeldByOther, isOpen, personName } from './cases'
import type { Case } from './types'

const URGENCIES = ['emergency', 'urgent', 'routine'] as const
const SHOWS = ['open', 'waiting', 'mine', 'reported'] as const

interface ListProps {
  cases: Case[]
  all: Case[]
  counts: Counts
  unread: number
  isUnread: (each: Case) => boolean
  onSeen: () => void
  selected: string
  now: number
  filter: Filter
  text: string
  isLoaded: boolean
  problem: string
  onFilter: (filter: Filter) => void
  onText: (text: string) => void
  onSelect: (each: Case) => void
  onClaim: (each: Case) => void
  onNext: () => void
}

export function urgencyWords(urgency: string): string {
  return tOr(`read.urgency.${urgency}`, urgency)
}

function State({ each }: { each: Case }) {
  const { workitem } = each
  if (!isOpen(each)) return <span class="mark green">{t('read.state.reported')}</span>
  if (workitem.claimed_by_me) return <span class="mark blue">{t('read.state.mine')}</span>
  if (isHeldByOther(each)) {
    return <span class="mark">{t('read.state.held', { name: workitem.claimed_by_name ?? '' })}</span>
  }
  if (each.waits_for === 'retake') return <span class="mark amber">{t('read.state.retake')}</span>
  if (each.waits_for)
    return <span class="mark">{t('read.state.arriving', { count: each.number_of_instances })}</span>
  return null
}

function Clock({ each, now }: { each: Case; now: number }) {
  if (!isOpen(each)) return null
  const { text, mark } = clockOf(each.due_at, now)
  const due = new Date(each.due_at).toLocaleString(locale())
  return (
    <time class={`clock ${mark}`} dateTime={each.due_at} title={t('read.due-at', { time: due })}>
      {text}
    </time>
  )
}

function Row(props: {
  each: Case
  isSelected: boolean
  isUnread: boolean
  now: number
  onSelect: () => void
  onClaim: () => void
}) {
  const { each, isSelected } = props
  const row = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' })
  }, [isSelected])
  const age = ageAt(each.patient_birth_date, each.study_date ?? each.first_received_at.slice(0, 10))
  return (
    <li>
      <button
        ref={row}
        type="button"
        class={`case ${each.urgency}`}
        aria-current={isSelected ? 'true' : undefined}
        onClick={props.onSelect}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          event.stopPropagation()
          props.onClaim()
        }}
      >
        <span class="case-line">
          {props.isUnread && <i class="unseen" role="img" aria-label={t('read.new.one')} />}
          <strong>{personName(each.patient_name)}</strong>
          {each.urgency !== 'routine' && (
            <span class={`mark ${each.urgency}`}>{urgencyWords(each.urgency)}</span>
          )}
          <span class="grow" />
          <Clock each={each} now={props.now} />
        </span>
        <span class="case-line soft">
          <span class="modality">{each.modality || '—'}</span>
          <span class="grow cut">{each.study_description}</span>
          <span>
            {tOr(`read.sex.${each.patient_sex}`, each.patient_sex)}{' '}
            {age === null ? '' : t('read.years', { age })}
          </span>
        </span>
        <span class="case-line soft">
          <span class="grow cut">{siteName(each.site_id)}</span>
          {each.open_retake && !each.waits_for && <span class="mark amber">{t('read.state.retake')}</span>}
          {each.late_instances + each.instances_since_claim > 0 && (
            <span class="mark amber">
              {t('read.late-images', { count: each.late_instances + each.instances_since_claim })}
            </span>
          )}
          <State each={each} />
        </span>
      </button>
    </li>
  )
}

function Choice(props: {
  label: string
  value: string
  values: string[]
  words?: (value: string) => string
  onChoose: (value: string) => void
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChoose(event.currentTarget.value)}
    >
      <option value="">{props.label}</option>
      {props.values.map((value) => (
        <option key={value} value={value}>
          {props.words?.(value) ?? value}
        </option>
      ))}
    </select>
  )
}

const distinct = (values: string[]) => [...new Set(values)].filter(Boolean).sort()

export function List(props: ListProps) {
  const { filter, onFilter, counts } = props
  const groups = distinct((session()?.grants ?? []).map((grant) => grant.reading_group_id ?? ''))
  const numbers: Partial<Record<Filter['show'], number>> = { waiting: counts.waiting, mine: counts.mine }
  return (
    <section class="list" aria-label={t('read.list')}>
      <div class="list-head">
        <fieldset class="tabs">
          <legend class="sr-only">{t('read.show')}</legend>
          {SHOWS.map((show) => (
            <button
              key={show}
              type="button"
              aria-pressed={filter.show === show}
              onClick={() => onFilter({ ...filter, show })}
            >
              {t(`read.show.${show}`)}
              {numbers[show] ? <b> {numbers[show]}</b> : null}
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          id="find-case"
          placeholder={`${t('read.find')}  ${keysShown('find')}`}
          aria-label={t('read.find')}
          value={props.text}
          onInput={(event) => props.onText(event.currentTarget.value)}
        />
        <div class="filters">
          <Choice
            label={t('read.modality')}
            value={filter.modality}
            values={distinct(props.all.map((each) => each.modality))}
            onChoose={(modality) => onFilter({ ...filter, modality })}
          />
          <Choice
            label={t('read.urgency')}
            value={filter.urgency}
            values={[...URGENCIES]}
            words={urgencyWords}
            onChoose={(urgency) => onFilter({ ...filter, urgency })}
          />
          <Choice
            label={t('read.site')}
            value={filter.site}
            values={distinct(props.all.map((each) => each.site_id))}
            words={siteName}
            onChoose={(site) => onFilter({ ...filter, site })}
          />
          {groups.length > 1 && (
            <Choice
              label={t('read.group')}
              value={filter.group}
              values={groups}
              onChoose={(group) => onFilter({ ...filter, group })}
            />
          )}
        </div>
        <button
          type="button"
          class={counts.emergencies ? 'next emergency' : 'next primary'}
          onClick={props.onNext}
          disabled={!counts.waiting}
        >
          {counts.emergencies ? t('read.next-emergency', { count: counts.emergencies }) : t('read.next')}{' '}
          <kbd>{keysShown('next-case')}</kbd>
        </button>
      </div>
      {props.unread > 0 && (
        <div class="row new" role="status">
          <span class="grow">{t('read.new', { count: props.unread })}</span>
          <button type="button" class="quiet" onClick={props.onSeen}>
            {t('read.new.seen')}
          </button>
        </div>
      )}
      {props.problem && (
        <p class="notice error" role="alert">
          {props.problem}
        </p>
      )}
      <ul class="cases">
        {props.cases.map((each) => (
          <Row
            key={each.case_id}
            each={each}
            isSelected={each.case_id === props.selected}
            isUnread={props.isUnread(each)}
            now={props.now}
            onSelect={() => props.onSelect(each)}
            onClaim={() => props.onClaim(each)}
          />
        ))}
      </ul>
      {props.isLoaded && props.cases.length === 0 && <p class="empty">{t('read.nothing')}</p>}
    </section>
  )
}
