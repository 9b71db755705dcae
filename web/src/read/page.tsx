// /read: the list, the images, the report.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { keysShown, useKeys } from '../keys'
import { ask } from '../shell/api'
import { late, Notice } from '../shell/parts'
import { useSession } from '../shell/session'
import { t, useLanguage } from '../shell/words'
import { useSiteNames } from '../site/names'
import type { Seen } from '../viewer/useSeen'
import { Person, Request } from './About'
import { allowSound, flash, ring, setTitle, stopFlashing } from './alarm'
import { type Filter, isClaimable, isHeldByOther, newEmergencies, nextOf, passes, studyOf } from './cases'
import { Editor } from './Editor'
import { Images } from './Images'
import { List } from './List'
import type { Case, Prior } from './types'
import { useCases } from './useCases'
import { useCounts } from './useCounts'
import { useDialogs } from './useDialogs'
import { useNow } from './useNow'
import { useTurn } from './useTurn'
import './read.css'

type Asked = null | 'help' | 'retake' | 'take-over' | 'final' | 'preliminary'

const KeptHere = late(async () => (await import('./Earlier')).KeptHere)
const Priors = late(async () => (await import('./Earlier')).Priors)
const Reports = late(async () => (await import('./Earlier')).Reports)
const KeysHelp = late(async () => (await import('../keys_help')).KeysHelp)
const NO_FILTER: Filter = { modality: '', site: '', urgency: '', group: '', show: 'open' }
const AFTER_TYPING = 300
const AFTER_STEPPING = 250

/** A value once it has stayed the same for a while; at once where there is nothing to wait for. */
function useSettled<Value>(value: Value, after: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), after)
    return () => clearTimeout(timer)
  }, [value, after])
  return after ? settled : value
}

function alarm(): void {
  ring()
  flash(t('read.emergency-came'))
}

/** Rings for each emergency that comes, also for one that the list leaves out: then only their number tells. */
function useAlarm(cases: Case[], isWhole: boolean, emergencies: number | null, unread: number): void {
  const known = useRef<Set<string> | null>(null)
  const number = useRef<number | null>(null)
  useEffect(() => {
    setTitle(unread ? `(${unread}) ${t('read.title')}` : t('read.title'))
  }, [unread])
  useEffect(() => {
    if (emergencies === null) return
    if (number.current !== null && !isWhole && emergencies > number.current) alarm()
    number.current = emergencies
  }, [emergencies, isWhole])
  useEffect(() => {
    if (!isWhole) return
    // What was there when the page opened is on the list in red; it rings for what comes.
    if (known.current && newEmergencies(known.current, cases).length) alarm()
    known.current = new Set([...(known.current ?? []), ...newEmergencies(new Set(), cases)])
  }, [cases, isWhole])
  useEffect(() => {
    const look = () => {
      allowSound()
      stopFlashing()
    }
    // Who has just logged in has touched the page already.
    if (navigator.userActivation?.hasBeenActive) allowSound()
    addEventListener('pointerdown', look)
    addEventListener('keydown', look)
    return () => {
      removeEventListener('pointerdown', look)
      removeEventListener('keydown', look)
      stopFlashing()
    }
  }, [])
}

export default function ReadPage() {
  useLanguage()
  useSiteNames()
  const me = useSession()
  const username = useRef(me?.username ?? '')
  const now = useNow()
  const [filter, setFilter] = useState(NO_FILTER)
  const [text, setText] = useState('')
  const [selectedId, setSelectedId] = useState('')
  const [isHasty, setHasty] = useState(false)
  const steppedAt = useRef(0)
  const [asked, setAsked] = useState<Asked>(null)
  const [beside, setBeside] = useState<Prior | null>(null)
  const [measures, setMeasures] = useState<string[]>([])
  const [keyImages, setKeyImages] = useState(0)
  const [seen, setSeen] = useState<Seen | null>(null)
  const [signed, setSigned] = useState(0)
  const [said, setSaid] = useState('')
  const list = useCases(useSettled(text, AFTER_TYPING), filter.group, filter.show === 'reported')
  const { cases } = list
  const turns = useTurn(username.current, list.put)
  const { turn, present } = turns
  const isWhole = list.isLoaded && list.isWhole
  const { counts, emergencies, unread, isUnread, noteOpened, noteSeen } = useCounts(cases, isWhole)
  const dialogs = useDialogs(asked !== null)
  const shown = useMemo(() => cases.filter((each) => passes(each, filter)), [cases, filter])
  const held = useRef<Case | null>(null)
  const found = cases.find((each) => each.case_id === selectedId)
  // A case that left the list by a filter or by its signature stays on the screen until another is chosen.
  if (found) held.current = found
  const selected = held.current?.case_id === selectedId ? held.current : null
  const viewed = useSettled(selectedId, isHasty ? AFTER_STEPPING : 0)
  useAlarm(cases, isWhole, emergencies, unread)
  useEffect(() => {
    // While the list is read, the line is free for what opens a case.
    if (list.isLoaded) void import('../viewer/Viewer')
  }, [list.isLoaded])

  const open = useCallback(
    (each: Case, isTaken = false, isPassed = false) => {
      if (each.case_id === selectedId && !isTaken) return
      turns.leave()
      noteOpened(each)
      setSaid('')
      // Who looked and measured before claiming has seen and measured it.
      if (each.case_id !== selectedId) {
        setSelectedId(each.case_id)
        setHasty(isPassed)
        setBeside(null)
        setMeasures([])
        setKeyImages(0)
        setSeen(null)
      }
      if (!isTaken && each.workitem.claimed_by_me) void turns.begin(each)
    },
    [selectedId, turns, noteOpened],
  )

  const claim = useCallback(
    (each: Case) => {
      if (turn?.caseId === each.case_id && !turn.lost) return
      if (!isClaimable(each)) return open(each)
      open(each, true)
      void turns.claim(each)
    },
    [open, turn, turns],
  )

  // Somebody else has taken it, or more images came: told at once, not at the next heartbeat.
  useEffect(() => {
    if (found) turns.noteCase(found)
  }, [found, turns])

  /** To the neighbour; images of cases that a held or quickly repeated key passes are not asked for. */
  function step(by: number, { repeat, timeStamp }: KeyboardEvent): void {
    const place = shown.findIndex((each) => each.case_id === selectedId)
    const next = shown[Math.min(shown.length - 1, Math.max(0, place + by))]
    const isPassed = repeat || timeStamp - steppedAt.current < AFTER_STEPPING
    steppedAt.current = timeStamp
    if (next) open(next, false, isPassed)
  }

  function next(): void {
    // What is looked for by words is on the list already; of all others the hub gives each to one reader.
    if (text.trim()) {
      const one = nextOf(cases.filter((each) => passes(each, { ...filter, show: 'open' })))
      if (one) claim(one)
      else setSaid(t('read.nothing-next'))
      return
    }
    void turns.takeNext(filter).then((each) => {
      if (!each) {
        setSaid(t('read.nothing-next'))
        return
      }
      open(each, true)
      void turns.begin(each)
    })
  }

  useKeys(
    {
      help: () => setAsked('help'),
      'next-case': next,
      'case-below': (event) => step(1, event),
      'case-above': (event) => step(-1, event),
      claim: () => selected && claim(selected),
      'take-over': () => selected && isHeldByOther(selected) && setAsked('take-over'),
      find: () => document.getElementById('find-case')?.focus(),
      escape: () => (document.activeElement as HTMLElement | null)?.blur(),
    },
    asked !== null,
  )

  async function askToSign(status: 'final' | 'preliminary'): Promise<void> {
    if (!turn || turn.lost || !turn.keeper.present.impression.trim()) return
    // What is signed is what the hub has: nothing is signed while words are only here.
    if (await turn.keeper.flush()) setAsked(status)
    else setSaid(t('read.sign.not-saved'))
  }

  async function sign(status: 'final' | 'preliminary', instancesSeen: string | null): Promise<void> {
    if (!turn || !selected) return
    const body = { workitem_uid: turn.workitemUid, instances_seen: instancesSeen, status }
    await ask('POST', `/api/v1/cases/${turn.caseId}/sign`, { body, ifMatch: turn.keeper.present.tag })
    if (status === 'final') {
      turns.finish()
      setSaid(t('read.signed', { key: keysShown('next-case') }))
    } else setSaid(t('read.signed-preliminary'))
    setSigned((count) => count + 1)
    setAsked(null)
  }

  const close = () => setAsked(null)
  const isSigning = asked === 'final' || asked === 'preliminary'
  const hasConflict = present?.state.kind === 'conflict'
  useEffect(() => {
    if (hasConflict && isSigning) setAsked(null)
  }, [hasConflict, isSigning])
  const addMeasure = useCallback((words: string) => setMeasures((before) => [...before, words]), [])
  const countKeyImages = useCallback((marks: readonly unknown[]) => setKeyImages(marks.length), [])
  const isPreviewOnly = seen?.isPreviewOnly ?? false
  const prior = useMemo(() => (beside ? studyOf(beside) : undefined), [beside])
  const newest = useRef(turn)
  newest.current = turn
  return (
    <main class="read">
      <List
        cases={shown}
        all={cases}
        counts={counts}
        unread={unread}
        isUnread={isUnread}
        selected={selectedId}
        now={now + list.ahead}
        onSeen={noteSeen}
        filter={filter}
        text={text}
        isLoaded={list.isLoaded}
        problem={list.problem}
        onFilter={setFilter}
        onText={setText}
        onSelect={(each) => open(each)}
        onClaim={claim}
        onNext={next}
      />
      <section class="images" aria-label={t('read.images')}>
        {selected && viewed === selectedId ? (
          <Images
            each={selected}
            prior={prior}
            seen={turn?.seen}
            workitemUid={turn && !turn.lost ? turn.workitemUid : undefined}
            onSeen={setSeen}
            onMeasure={addMeasure}
            onKeyImage={countKeyImages}
          />
        ) : (
          <p class="empty">{selected ? '' : t('read.choose', { key: keysShown('next-case') })}</p>
        )}
      </section>
      <aside class="right" aria-label={t('read.case')}>
        {said && <Notice kind="info">{said}</Notice>}
        {turns.problem && <Notice kind="error">{turns.problem}</Notice>}
        {selected && (
          <>
            <Person each={selected} />
            <Request each={selected} />
            {turn && present && turn.caseId === selectedId ? (
              <Editor
                key={turn.workitemUid}
                each={selected}
                turn={turn}
                present={present}
                measures={measures}
                keyImages={keyImages}
                now={now}
                isOff={asked !== null}
                onSign={(status) => void askToSign(status)}
                onRetake={() => setAsked('retake')}
                onRelease={() => void turns.release()}
                onMeasuresTaken={() => setMeasures([])}
              />
            ) : (
              <KeptHere username={username.current} each={selected} />
            )}
            {(turn?.caseId !== selectedId || turn.lost) && (
              <div class="row take">
                {isClaimable(selected) && (
                  <button type="button" class="primary" onClick={() => claim(selected)}>
                    {t('read.claim')} <kbd>{keysShown('claim')}</kbd>
                  </button>
                )}
                {isHeldByOther(selected) && (
                  <button type="button" onClick={() => setAsked('take-over')}>
                    {t('read.take-over')} <kbd>{keysShown('take-over')}</kbd>
                  </button>
                )}
              </div>
            )}
            <Priors each={selected} beside={beside?.case_id ?? ''} onBeside={setBeside} />
            <Reports each={selected} signed={signed} />
          </>
        )}
      </aside>
      {asked === 'help' && <KeysHelp places={['everywhere', 'list', 'report', 'viewer']} onClose={close} />}
      {dialogs && asked === 'take-over' && selected && (
        <dialogs.ReasonDialog
          title={t('read.take-over')}
          words={t('read.take-over')}
          onClose={close}
          onDo={async (reason) => {
            close()
            await turns.takeOver(selected, reason)
          }}
        />
      )}
      {dialogs && asked === 'retake' && turn && (
        <dialogs.RetakeDialog
          onClose={close}
          onDo={async (wish) => {
            await turn.keeper.flush()
            await ask('POST', `/api/v1/cases/${turn.caseId}/retake`, {
              body: { workitem_uid: turn.workitemUid, ...wish },
            })
            if (wish.end_turn) turns.leave()
            close()
            list.reload()
          }}
        />
      )}
      {dialogs && isSigning && turn && present && selected && (
        <dialogs.SignDialog
          each={selected}
          words={present}
          status={asked}
          isOnlyPreviewSeen={isPreviewOnly}
          onClose={close}
          onChanged={turns.lookAgain}
          onSign={() => sign(asked, newest.current?.seen ?? null)}
        />
      )}
    </main>
  )
}
