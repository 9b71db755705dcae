// How a person of a study is written for people: PS3.5 6.2.1.2 gives up to three groups of one name.

export interface Patient {
  patient_name: string
  patient_id: string
  patient_birth_date?: string | null
  patient_sex?: string
}

function spoken(group: string): string {
  const isLatin = !/\p{Script=Han}/u.test(group)
  const parts = group.split('^').filter(Boolean)
  return isLatin ? parts.join(' ') : parts.join('')
}

/** The name in characters with its Latin form behind it: `张三 (Zhang San)`. */
export function nameOf(patientName: string): string {
  const [latin = '', characters = ''] = patientName.split('=').map((group) => spoken(group.trim()))
  if (characters && latin && characters !== latin) return `${characters} (${latin})`
  return characters || latin
}

/** Whole years, for a child below two the months. */
export function ageAt(
  birthDate: string | null | undefined,
  on: Date,
): { years: number; months: number } | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)/.exec(birthDate ?? '')
  if (!found) return null
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number]
  const months = (on.getFullYear() - year) * 12 + on.getMonth() + 1 - month - (on.getDate() < day ? 1 : 0)
  return months < 0 ? null : { years: Math.floor(months / 12), months }
}
