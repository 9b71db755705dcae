import { describe, expect, it } from 'vitest'
import { batches, canBeEcg, canBeSent, gathered, keptName, type Sendable, studyIn } from './gather'
import { leftBehind, matching } from './resume'
import type { Upload, UploadFile } from './types'

const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)),
  )
const PREAMBLE = `${'\0'.repeat(128)}DICM`
const file = (name: string, content: Uint8Array) => new File([content as BlobPart], name)

describe('what is sent', () => {
  it.each([
    ['IM000001', bytes(PREAMBLE, [2, 0, 0, 0]), true],
    ['without a preamble', bytes([8, 0, 5, 0], 'CS', [10, 0], 'ISO_IR 100'), true],
    ['study.zip', bytes('PK', [3, 4]), true],
    ['archive', bytes('PK', [3, 4]), true],
    ['viewer.jar', bytes('PK', [3, 4]), false],
    ['viewer.exe', bytes('MZ', [0x90, 0]), false],
    ['notes.txt', bytes('hello'), false],
    ['short', bytes([8, 0]), false],
  ])('%s: %#', (name, head, expected) => {
    expect(canBeSent(head, name)).toBe(expected)
  })

  it.each([
    ['scp', bytes('\0'.repeat(16), 'SCPECG'), true],
    ['mfer', bytes('@ MFR Standard'), true],
    ['holter', bytes('ISHNE1.0'), true],
    ['edf', bytes('0       '), true],
    ['aecg', bytes('<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3">'), true],
    ['muse in UTF-16', bytes([...'<RestingECG>'].join('\0')), true],
    ['other.xml', bytes('<?xml version="1.0"?><invoice/>'), false],
    ['notes.txt', bytes('hello'), false],
  ])('is an ECG or not: %s', (name, head, expected) => {
    expect(canBeEcg(head, name)).toBe(expected)
  })

  it('is a PDF only where it is no leaflet beside images', async () => {
    const pdf = { name: 'ecg.pdf', file: file('ecg.pdf', bytes('%PDF-1.4')) }
    const image = { name: '1.dcm', file: file('1.dcm', bytes(PREAMBLE)) }
    expect((await gathered([pdf])).sendable).toHaveLength(1)
    expect((await gathered([pdf, image])).leftOut).toEqual(['ecg.pdf'])
  })

  it('is said, and so is what is left out', async () => {
    const chosen = [
      { name: 'a/1.dcm', file: file('1.dcm', bytes(PREAMBLE)) },
      { name: 'a/autorun.inf', file: file('autorun.inf', bytes('[autorun]')) },
      { name: 'a/empty', file: file('empty', bytes()) },
    ]
    const found = await gathered(chosen)
    expect(found.sendable.map(({ name }) => name)).toEqual(['a/1.dcm'])
    expect(found.leftOut).toEqual(['a/autorun.inf', 'a/empty'])
  })

  it.each([
    ['explicit', bytes(' x', [0x20, 0, 0x0d, 0], 'UI', [6, 0], '1.2.3\0'), '1.2.3'],
    ['implicit', bytes([0x20, 0, 0x0d, 0, 6, 0, 0, 0], '1.2.34'), '1.2.34'],
    ['no UID', bytes([0x20, 0, 0x0d, 0, 6, 0, 0, 0], 'abcdef'), ''],
    ['an end too soon', bytes([0x20, 0, 0x0d, 0, 6]), ''],
    ['nothing', bytes(), ''],
  ])('is told by its study: %s', (_, head, study) => {
    expect(studyIn(head)).toBe(study)
  })

  it.each([
    ['/DICOM/IM1', 'DICOM/IM1'],
    ['a\nb', 'a_b'],
    ['', '_'],
    [`x/${'长'.repeat(300)}`, '长'.repeat(200)],
  ])('is called %j', (name, kept) => {
    expect(keptName(name)).toBe(kept)
  })

  it('goes by studies, unless they are many', () => {
    const each = (study: string, name = study): Sendable => ({ study, name, file: file(name, bytes('x')) })
    const files = [each('1.1'), each('1.2'), each('1.1', 'second'), each('', 'a.zip'), each('', 'b.zip')]
    const names = (groups: Sendable[][]) => groups.map((group) => group.map(({ name }) => name))
    expect(names(batches(files))).toEqual([['1.1', 'second'], ['1.2'], ['a.zip'], ['b.zip']])
    expect(names(batches(files, 3))).toEqual([['1.1', '1.2', 'second', 'a.zip', 'b.zip']])
    expect(names(batches(files.slice(0, 3), 1, 2))).toEqual([['1.1', '1.2'], ['second']])
  })
})

describe('what was left behind', () => {
  const waiting = (number: number, name: string, size: number): UploadFile => ({
    number,
    name,
    size,
    received: 0,
    state: 'waiting',
  })

  it('is found by name and size, then by the name alone without its folder', () => {
    const here = [
      { name: 'b/IM1', file: file('IM1', bytes('22')) },
      { name: 'a/IM1', file: file('IM1', bytes('22')) },
      { name: 'IM2', file: file('IM2', bytes('333')) },
      { name: 'IM3', file: file('IM3', bytes('4')) },
    ]
    const found = matching(here, [waiting(1, 'a/IM1', 2), waiting(2, 'x/IM2', 3), waiting(3, 'IM3', 9)])
    expect([...found].map(([number, each]) => [number, each])).toEqual([
      [1, here[1]!.file],
      [2, here[2]!.file],
    ])
  })

  it('is what waits and nobody sends here', () => {
    const upload = (upload_id: string, values: Partial<Upload>) =>
      ({ upload_id, finished_at: null, states: { waiting: 1 }, ...values }) as Upload
    const all = [
      upload('a', {}),
      upload('b', { finished_at: '2026-11-20T08:30:00Z' }),
      upload('c', { states: { unpacking: 1 } }),
      upload('d', {}),
    ]
    expect(leftBehind(all, ['d', undefined]).map(({ upload_id }) => upload_id)).toEqual(['a'])
  })
})
