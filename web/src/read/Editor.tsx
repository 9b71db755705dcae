// The report as it is written.
import { useEffect, useRef, useState } from 'preact/hooks'
import { keysShown, useKeys } from '../keys'
import { Notice } from '../shell/parts'
import { session } from '../shell/session'
import { loadWords, t, tOr } from '../shell/words'
import type { Present, SaveState } from './draft'
import { expanded, inserted, readMacros, templatesFor, wordsOfTemplate } from './texts'
import type { Case, Words } from './types'
import { useDialogs } from './useDialogs'
import type { Turn } from './useTurn'

interface EditorProps {
  each: Case
  turn: Turn
  present: Present
  measures: string[]
  keyImages: number
  now: number
  isOff: boolean
  onSign: (status: 'final' | 'preliminary') => void
  onRetake: () => void
  onRelease: () => void
  onMeasuresTaken: () => void
}

const macrosKey = () => `hub.macros.${session()?.username ?? ''}`

export function savedWords(state: SaveState, now: number): string {
  if (state.kind !== 'saved') return t(`read.save.${state.kind === 'lost' ? 'failed' : state.kind}`)
  const seconds = Math.max(0, Math.round((now - state.at) / 1000))
  return seconds < 60
    ? t('read.save.saved', { seconds })
    : t('read.save.saved-minutes', { minutes: Math.floor(seconds / 60) })
}

function Beat({ turn, now }: { turn: Turn; now: number }) {
  if (turn.lost) return null
  const seconds = Math.max(0, Math.round((now - turn.beatAt) / 1000))
  const isLate = turn.isBeatLate || seconds > 45
  return (
    <span class={`beat ${isLate ? 'late' : ''}`} title={t('read.beat.title', { seconds })}>
      {isLate ? t('read.beat.late', { seconds }) : `♥ ${t('read.beat')}`}
    </span>
  )
}

export function Editor(props: EditorProps) {
  const { each, turn, present, measures } = props
  const findings = useRef<HTMLTextAreaElement>(null)
  const impression = useRef<HTMLTextAreaElement>(null)
  const last = useRef<keyof Words>('findings')
  const [isMacros, setMacros] = useState(false)
  const [macros, setMacroText] = useState(() => localStorage.getItem(macrosKey()) ?? '')
  // The next that is wanted is mostly the signature's.
  const dialogs = useDialogs(true)
  const [areTextsHere, setTextsHere] = useState(false)
  useEffect(() => {
    void loadWords('template').then(() => setTextsHere(true))
  }, [])
  const templates = templatesFor(each.modality, each.study_description)
  const { keeper } = turn
  const fields = { findings, impression }

  function put(field: keyof Words, text: string, caret?: number): void {
    keeper.write({ [field]: text })
    const element = fields[field].current
    if (element && caret !== undefined) {
      // The caret stays where the words end, once they are drawn.
      element.value = text
      element.setSelectionRange(caret, caret)
    }
  }

  function takeTemplate(key: string): void {
    const words = wordsOfTemplate(key)
    const before = keeper.present
    keeper.write({
      findings: before.findings.trim() ? `${before.findings.trimEnd()}\n${words.findings}` : words.findings,
      impression: before.impression.trim() ? before.impression : words.impression,
    })
    findings.current?.focus()
  }

  function insert(words: string): void {
    const field = last.current
    const caret = fields[field].current?.selectionStart ?? present[field].length
    const now = inserted(present[field], caret, words)
    put(field, now.text, now.caret)
  }

  function insertMeasures(): void {
    if (!measures.length) return
    insert(measures.join('; '))
    props.onMeasuresTaken()
  }

  const first = templates[0]
  useKeys(
    {
      'to-report': () =>
        (document.activeElement === findings.current ? impression : findings).current?.focus(),
      'normal-text': () => {
        if (first) void loadWords('template').then(() => takeTemplate(first.key))
      },
      'insert-measures': insertMeasures,
      save: () => void keeper.flush(),
      sign: () => props.onSign('final'),
      preliminary: () => props.onSign('preliminary'),
      'ask-retake': props.onRetake,
      release: props.onRelease,
      escape: () => (document.activeElement as HTMLElement | null)?.blur(),
    },
    props.isOff || isMacros,
  )
  useEffect(() => {
    if (!turn.lost) findings.current?.focus({ preventScroll: true })
  }, [turn.caseId, turn.lost])

  const known = readMacros(macros)
  const area = (field: keyof Words, rows: number) => (
    <label class={`field ${field}`}>
      <span>{t(`read.${field}`)}</span>
      <textarea
        ref={fields[field]}
        rows={rows}
        maxLength={50_000}
        readOnly={Boolean(turn.lost)}
        value={present[field]}
        onFocus={() => {
          last.current = field
        }}
        onInput={(event) => {
          const element = event.currentTarget
          const grown = expanded(element.value, element.selectionStart, known)
          put(field, grown?.text ?? element.value, grown?.caret)
        }}
      />
    </label>
  )
  const { state } = present
  return (
    <section class="editor" aria-label={t('read.report')}>
      <div class="row">
        <h2 class="grow">{t('read.report')}</h2>
        <span class={`save ${state.kind}`} role="status">
          {savedWords(state, props.now)}
        </span>
        <Beat turn={turn} now={props.now} />
      </div>
      {turn.lost && (
        <Notice kind="error">
          <strong>{t('read.lost')}</strong> {turn.lost} {t('read.lost.kept')}
        </Notice>
      )}
      {state.kind === 'offline' && <Notice kind="warning">{t('read.save.offline.more')}</Notice>}
      {state.kind === 'failed' && <Notice kind="error">{state.words}</Notice>}
      {state.kind === 'conflict' && (
        <Notice kind="error">
          <p>{t('read.conflict')}</p>
          <blockquote class="signed-words">
            {state.theirs.findings}
            {'\n\n'}
            {state.theirs.impression}
          </blockquote>
          <div class="row">
            <button type="button" onClick={() => keeper.settle('mine')}>
              {t('read.conflict.mine')}
            </button>
            <button type="button" onClick={() => keeper.settle('theirs')}>
              {t('read.conflict.theirs')}
            </button>
          </div>
        </Notice>
      )}
      {!turn.lost && areTextsHere && (
        <div class="row texts">
          {first && (
            <button type="button" onClick={() => takeTemplate(first.key)}>
              {t('read.normal')} <kbd>{keysShown('normal-text')}</kbd>
            </button>
          )}
          {templates.length > 1 && (
            <select
              aria-label={t('read.template')}
              value=""
              onChange={(event) => {
                if (event.currentTarget.value) takeTemplate(event.currentTarget.value)
                event.currentTarget.value = ''
              }}
            >
              <option value="">{t('read.template')}</option>
              {templates.map(({ key }) => (
                <option key={key} value={key}>
                  {tOr(`template.${key}.title`, key)}
                </option>
              ))}
            </select>
          )}
          <button type="button" class="quiet" onClick={() => setMacros(true)}>
            {t('read.macros')}
          </button>
        </div>
      )}
      {area('findings', 10)}
      {area('impression', 4)}
      {(measures.length > 0 || props.keyImages > 0) && (
        <div class="row measures">
          {measures.length > 0 && (
            <button type="button" onClick={insertMeasures}>
              {t('read.insert-measures', { count: measures.length })}{' '}
              <kbd>{keysShown('insert-measures')}</kbd>
            </button>
          )}
          {props.keyImages > 0 && (
            <button
              type="button"
              onClick={() =>
                insert(
                  t(props.keyImages > 1 ? 'read.key-images.words' : 'read.key-images.word', {
                    count: props.keyImages,
                  }),
                )
              }
            >
              {t('read.insert-key-images', { count: props.keyImages })}
            </button>
          )}
          <span class="small cut">{measures.join('; ')}</span>
        </div>
      )}
      {!turn.lost && (
        <div class="row end acts">
          <button type="button" class="quiet" onClick={props.onRelease}>
            {t('read.release')}
          </button>
          <button type="button" onClick={props.onRetake}>
            {t('read.retake')}
          </button>
          <button
            type="button"
            onClick={() => props.onSign('preliminary')}
            disabled={!present.impression.trim()}
          >
            {t('read.sign.preliminary')}
          </button>
          <button
            type="button"
            class="primary"
            onClick={() => props.onSign('final')}
            disabled={!present.impression.trim()}
          >
            {t('read.sign.final')} <kbd>{keysShown('sign')}</kbd>
          </button>
        </div>
      )}
      {isMacros && dialogs && (
        <dialogs.MacrosDialog
          text={macros}
          onSave={(text) => {
            localStorage.setItem(macrosKey(), text)
            setMacroText(text)
            setMacros(false)
          }}
          onClose={() => setMacros(false)}
        />
      )}
    </section>
  )
}
